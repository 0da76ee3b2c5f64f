"""Complex variables, h = "H complex", written as pairs of real ones when a file is read: h = h_re + i h_im.

Everything behind knows real numbers only. Of a loss, which is real, the gradients are those by the real and by the imaginary
part; g_re + i g_im is what PyTorch keeps as .grad, its conjugate what jax.grad gives.
"""

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from symbptt.model import complex_algebra as pair
from symbptt.model import complex_notes as told
from symbptt.model.complex_algebra import Pair
from symbptt.model.declare import INDEX, ROLES
from symbptt.model.model_file import ModelFile, Pairs
from symbptt.model.place import Place
from symbptt.model.syntax import Parsed, parse

MARK = "complex"
"""The last word of the shape of a complex variable, and the function that makes a complex value of two real ones."""
MAX_POWER = 8
"""The largest exponent of a complex value."""
LONGEST = 24
"""The most characters of a factor that stands twice."""
_DECLARED = tuple(role.section for role in ROLES)


def written(file: ModelFile, place: Place) -> ModelFile:
    """The model file without complex variables; one that has none as it is. Raises BadInput with the place of a fault."""
    found = {name for section in _DECLARED for name, text in getattr(file, section) if _marked(text)}
    if not found:
        return file
    for name, shape in file.inputs:
        if name in found and shape.split()[0] == INDEX:
            raise place.within("inputs", name).error(f"{name} is an index, which is an integer, not complex")
    numbers = dict[str, ast.expr]()
    equations, origins = _equations(file, found, numbers, place)
    loss = file.loss
    if loss is not None:
        loss = (_real(loss[0], found, numbers, place.within("loss", "step"), "the loss of a step"), *loss[1:])
    _check_parts(file, equations, found, place)
    inputs, states, parameters, constants, targets = (_declared(getattr(file, section), found) for section in _DECLARED)
    made = replace(
        file, inputs=inputs, states=states, parameters=parameters, constants=constants, targets=targets,
        equations=equations, loss=loss, init=_twice(file.init, found), initial=_started(file, found, place),
        symbols=tuple(symbol for symbol in told.symbols(file, found) if symbol.name not in numbers),
        origins=(*origins, *((part, name) for name in found for part in pair.names(name)),
                 *((("step", "step"),) if loss != file.loss else ())),
    )
    return told.with_notes(made, file, found)


def _check_parts(file: ModelFile, equations: Pairs, found: Iterable[str], place: Place) -> None:
    """Raise BadInput if a name that a part gets is there already."""
    given = {name for section in _DECLARED for name, _ in getattr(file, section)} | set(dict(file.equations))
    made = [name for name, _ in equations]
    parts = {part for name in found for part in pair.names(name)}
    if taken := parts.intersection(given) | {name for name in made if made.count(name) > 1}:
        raise place.error(f"{min(taken)} is what a part of a complex value is called; rename your {min(taken)}")


def _marked(shape: str) -> bool:
    return shape.split()[-1:] == [MARK]


def _twice(pairs: Pairs, found: Iterable[str]) -> Pairs:
    return tuple((part, text) for name, text in pairs for part in (pair.names(name) if name in found else (name,)))


def _declared(pairs: Pairs, found: Iterable[str]) -> Pairs:
    return _twice(tuple((name, text.rsplit(MARK, 1)[0].strip() if _marked(text) else text) for name, text in pairs), found)


def _started(file: ModelFile, found: set[str], place: Place) -> Pairs:
    made: list[tuple[str, str]] = []
    for state, parameter in file.initial:
        if (state in found) != (parameter in found):
            raise place.within("initial", state[:40]).error(f"of {state} and {parameter} one is complex; expected both or none")
        made += zip(pair.names(state), pair.names(parameter), strict=True) if state in found else [(state, parameter)]
    return tuple(made)


def _equations(file: ModelFile, found: set[str], numbers: dict[str, ast.expr], place: Place) -> tuple[Pairs, Pairs]:
    """The equations, a complex one as two, and the left sides of those that were written anew with their names in the file;
    `found` gains complex intermediates, `numbers` parts that are no equations."""
    states, made, origins = dict(file.states), list[tuple[str, str]](), list[tuple[str, str]]()
    for target, text in file.equations:
        here, before = place.within("equations", target), len(made)
        if target in states and target not in found:
            made.append((target, _real(text, found, numbers, here, f"the state {target}")))
            origins += [] if made[-1][1] == text else [(target, target)]
            continue
        reader = _Reader(parse(text, here), found, numbers, target)
        value = reader.read()
        made += chain(*reader.factors)
        if target in found and value.im is None:
            raise here.error(f"{target} is complex, and its equation is real; write {MARK}(a, b) for a + ib")
        if value.im is None:
            made.append((target, _text(value, reader.parsed, found)))
        else:
            found.add(target)
            parts = dict(zip(pair.names(target), (value.re, value.im), strict=True))
            numbers |= {} if target in states else {name: part for name, part in parts.items() if pair.number(part) is not None}
            made += ((name, ast.unparse(part)) for name, part in parts.items() if name not in numbers)
        origins += ((name, target) for name, changed in made[before:] if changed != text)
    return tuple(made), tuple(origins)


def _text(value: Pair, parsed: Parsed, found: set[str]) -> str:
    """A real expression: as the file has it, if it reads nothing complex."""
    reads = any(isinstance(node, ast.Name) and node.id in (*found, *_NEW) for node in ast.walk(parsed.tree))
    return ast.unparse(value.re) if reads else parsed.text


def _real(text: str, found: set[str], numbers: Mapping[str, ast.expr], place: Place, what: str) -> str:
    parsed = parse(text, place)
    value = _Reader(parsed, found, numbers).read()
    if value.im is not None:
        raise place.error(f"{what} is real, and its expression is complex; see real(z), imag(z) and abs(z)")
    return _text(value, parsed, found)


@dataclass(frozen=True)
class _Reader:
    """An expression and the names in it that are complex; long factors get left sides of their own, named after its own."""

    parsed: Parsed
    found: set[str]
    numbers: Mapping[str, ast.expr]
    target: str = ""
    factors: list[Pairs] = field(default_factory=list)

    def read(self) -> Pair:
        """The parts of the expression."""
        return self.of(self.parsed.tree)

    def of(self, node: ast.expr) -> Pair:
        """The parts of a node."""
        match node:
            case ast.Constant():  # as written: its value as a float has fewer digits
                return Pair(ast.Name(self.parsed.text[node.col_offset : node.end_col_offset]))
            case ast.Name():
                return Pair(*map(self._part, pair.names(node.id))) if node.id in self.found else Pair(node)
            case ast.Subscript():
                return pair.each(lambda part: ast.Subscript(part, node.slice), self.of(node.value))
            case ast.Attribute():
                return pair.each(lambda part: ast.Attribute(part, node.attr), self.of(node.value))
            case ast.UnaryOp():
                return pair.each(pair.negative if isinstance(node.op, ast.USub) else lambda part: part, self.of(node.operand))
            case ast.BinOp():
                return self._operation(node)
            case ast.Compare():
                sides = [self.real(side, "a comparison") for side in (node.left, *node.comparators)]
                return Pair(ast.Compare(sides[0], node.ops, sides[1:]))
            case ast.Call(func=ast.Name(id=name)):
                return self._call(node, name)
        return Pair(node)

    def _part(self, name: str) -> ast.expr:
        return self.numbers.get(name, ast.Name(name))

    def _operation(self, node: ast.BinOp) -> Pair:
        if isinstance(node.op, ast.Pow):
            return self._power(node)
        left, right = self.of(node.left), self.of(node.right)
        if isinstance(node.op, (ast.Add, ast.Sub)):
            return pair.added(left, right, node.op)
        if isinstance(node.op, ast.Mult) and (pair.same(left, pair.conjugate(right)) or pair.same(right, pair.conjugate(left))):
            return Pair(pair.squared(left))
        left, right = self._short(left, right), self._short(right, right if isinstance(node.op, ast.Div) else left)
        if isinstance(node.op, ast.Div):
            return pair.over(left, right)
        entries = isinstance(node.op, ast.Mult)
        return pair.product(left, right, pair.by_entry if entries else lambda a, b: ast.BinOp(a, node.op, b))

    def _short(self, value: Pair, other: Pair) -> Pair:
        """A factor that a complex one makes stand twice: itself, or its name if it is long."""
        if not self.target or other.im is None or max(len(ast.unparse(part)) for part in value if part) <= LONGEST:
            return value
        own = f"{self.target}_z{len(self.factors) + 1}"
        named = dict(zip((own,) if value.im is None else pair.names(own), filter(None, value), strict=True))
        self.factors.append(tuple((name, ast.unparse(part)) for name, part in named.items()))
        return Pair(*map(ast.Name, named))

    def _power(self, node: ast.BinOp) -> Pair:
        base = self.of(node.left)
        if base.im is None:
            return Pair(ast.BinOp(base.re, node.op, self.real(node.right, "an exponent")))
        count = pair.number(self.of(node.right).re)
        if count is None or count.denominator != 1 or not 1 <= abs(count) <= MAX_POWER:
            raise self.parsed.at(node.right).error(
                f"the exponent of a complex value is an integer between 1 and {MAX_POWER} or between -{MAX_POWER} and -1")
        value = base = self._short(base, base)
        for _ in range(abs(int(count)) - 1):
            value = pair.product(value, base, pair.by_entry)
        return value if count > 0 else pair.over(Pair(ast.Name("1")), self._short(value, value))

    def real(self, node: ast.expr, what: str) -> ast.expr:
        """A node that has no imaginary part; `what` names it in the message if it has one."""
        value = self.of(node)
        if value.im is not None:
            raise self.parsed.at(node).error(f"{what} is real, not complex; see real(z), imag(z) and abs(z)")
        return value.re

    def _call(self, node: ast.Call, name: str) -> Pair:
        values = [self.of(argument) for argument in node.args]
        if name in _OWN:
            count, apply = _OWN[name]
            if len(values) != count or node.keywords:
                raise self.parsed.at(node).error(f"{name} takes {count} value{'s' * (count > 1)}, as in {_USAGE[name]}")
            return apply(self, node, values)
        if all(value.im is None for value in values):
            return Pair(ast.Call(node.func, [value.re for value in values], [self._keyword(k) for k in node.keywords]))
        if name in _LINEAR and len(values) == 1:
            return pair.each(lambda part: ast.Call(node.func, [part], node.keywords), values[0])
        if name in _BILINEAR and len(values) == 2:
            return pair.product(values[0], values[1], lambda a, b: ast.Call(node.func, [a, b], []))
        if name in _JOINT:
            zeros = [ast.BinOp(ast.Name("0"), ast.Mult(), value.re) for value in values]
            parts = [value.re for value in values], [value.im or zero for value, zero in zip(values, zeros, strict=True)]
            return Pair(*(ast.Call(node.func, part, []) for part in parts))
        known = ", ".join(sorted({*_OWN, *_LINEAR, *_BILINEAR, *_JOINT}))
        raise self.parsed.at(node).error(f"{name} has no complex values here; of complex values there are {known}")

    def _keyword(self, given: ast.keyword) -> ast.keyword:
        return ast.keyword(given.arg, self.of(given.value).re)


def _exp(reader: _Reader, node: ast.Call, values: list[Pair]) -> Pair:
    re, im = values[0]
    size = pair.called("exp", re)
    return Pair(size) if im is None else Pair(*(pair.by_entry(size, pair.called(name, im)) for name in ("cos", "sin")))


def _imag(reader: _Reader, node: ast.Call, values: list[Pair]) -> Pair:
    if values[0].im is None:
        raise reader.parsed.at(node).error("imag(z) expects a complex value; that of a real one is zero")
    return Pair(values[0].im)


def _complex(reader: _Reader, node: ast.Call, values: list[Pair]) -> Pair:
    a, b = (reader.real(argument, f"a part in {MARK}(a, b)") for argument in node.args)
    return Pair(a, b)


_Own = Callable[[_Reader, ast.Call, list[Pair]], Pair]
_OWN: Mapping[str, tuple[int, _Own]] = {
    MARK: (2, _complex), "conj": (1, lambda reader, node, values: pair.conjugate(values[0])),
    "real": (1, lambda reader, node, values: Pair(values[0].re)), "imag": (1, _imag),
    "abs": (1, lambda reader, node, values: Pair(pair.modulus(values[0]))), "exp": (1, _exp),
}
"""Functions with a meaning of their own for complex values: how many they take, and their parts."""
_USAGE = {name: f"{name}({'a, b' if count == 2 else 'z'})" for name, (count, _) in _OWN.items()}
_NEW = (MARK, "conj", "real", "imag")
"""Those that only a file with complex variables has."""
_LINEAR = frozenset(("sum", "mean", "diag", "diagonal", "stop_gradient", "split_heads", "merge_heads", "sum_heads", "mean_heads"))
"""Functions of one value that act on each part alone."""
_BILINEAR = frozenset(("dot", "outer", "conv"))
"""Products; none takes a conjugate by itself."""
_JOINT = frozenset(("concat",))
