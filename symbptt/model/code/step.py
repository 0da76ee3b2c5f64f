"""A step function as equations: arguments become inputs, states and parameters, the return new states."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from symbptt.model import names
from symbptt.model.code import tables
from symbptt.model.code.terms import Code, Reader, Term, name


@dataclass
class Step:
    """Reads one function from its first statement to its return."""

    function: ast.FunctionDef
    code: Code
    terms: dict[str, Term] = field(default_factory=dict)
    """What every name of the function stands for by now."""
    states: list[str] = field(default_factory=list)
    lines: list[tuple[str, ast.expr]] = field(default_factory=list)
    shared: set[str] = field(default_factory=set)
    """Names of which two stand for one array."""
    inputs: dict[str, str] = field(default_factory=dict)

    def equations(self) -> list[str]:
        """The lines of the model, NAME = EXPRESSION. Raises BadInput with the line of what cannot be said."""
        """The lines of the model."""
        self._arguments()
        returned = self._body()
        renamed = self._new_states(returned)
        if not self.states:
            raise self.code.refuse(self.function, "no argument is called as a state, such as h or h_prev")
        self._check(renamed)
        return [f"{target} = {ast.unparse(value)}" for target, value in self._named(renamed)]

    def _arguments(self) -> None:
        given = self.function.args
        if given.vararg or given.kwarg:
            raise self.code.refuse(self.function, "takes any number of arguments; name them")
        for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs):
            plain = argument.arg
            if plain == "self":
                continue
            if _is_state(plain):
                self._state(plain, _stem(plain))
            elif _stem(plain) in tables.INPUTS:
                self._input(plain)

    def _state(self, plain: str, stem: str) -> None:
        self.states.append(stem)
        lag = ast.parse(f"{stem}[t-1]", mode="eval").body
        self.terms[plain] = Term(lag, sample=True, matrix=stem[0].isupper())

    def _input(self, plain: str) -> None:
        made = plain.removesuffix("_t") or plain
        self.inputs[plain] = made
        self.terms[plain] = Term(name(made), sample=True)

    def _look(self, node: ast.expr) -> Term | None:
        """What a name, a parameter p["W"] or self.W, or a size h.shape[-1] stands for."""
        if isinstance(node, ast.Name):
            if node.id in self.terms:
                return self.terms[node.id]
            if node.id in self.code.constants:
                return Term(ast.Constant(self.code.constants[node.id]))
            known = node.id in self.code.module_names or node.id in self.code.helpers
            return None if known else Term(name(_usable(node.id)))
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return Term(name(_usable(node.slice.value)))
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            return self._size(node.value.value)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.attr in ("weight", "bias"):
            return Term(name(f"{'W' if node.attr == 'weight' else 'b'}_{node.value.attr}"))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id not in self.code.module_names:
            return Term(name("H"), dimension=True) if node.attr in tables.SIZES else Term(name(_usable(node.attr)))
        return None

    def _size(self, node: ast.expr) -> Term | None:
        """The size of a state or an input."""
        term = self._look(node)
        if term is None or not term.sample:
            return None
        return Term(name("D" if isinstance(term.node, ast.Name) and not term.node.id.endswith(" ") else "H"), dimension=True)

    def _body(self) -> list[ast.expr]:
        """Read the statements; gives what is returned."""
        for statement in self.function.body:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue
            if isinstance(statement, ast.Return) and statement.value is not None:
                return _flat(statement.value)
            if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
                self._assign(statement.targets[0], statement.value)
            elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
                self._assign(statement.target, statement.value)
            elif isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
                if statement.target.id in self.shared:
                    raise self.code.refuse(statement, "changes in place what has another name, too; write a = a + ...")
                old = ast.copy_location(ast.Name(statement.target.id, ast.Load()), statement)
                self._assign(statement.target, ast.copy_location(ast.BinOp(old, statement.op, statement.value), statement))
            elif not isinstance(statement, (ast.Pass, ast.Assert)):
                raise self.code.refuse(statement, "a step is assignments and one return at the end")
        raise self.code.refuse(self.function, "returns nothing")

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            self._unpack(target, value)
        elif not isinstance(target, ast.Name):
            raise self.code.refuse(target, "only names can be assigned")
        else:
            self.shared |= {target.id, value.id} if isinstance(value, ast.Name) else set()
            self._define(target.id, Reader(self.code, self._look).term(value))

    def _define(self, plain: str, term: Term) -> None:
        """Give a name its value: an equation, unless it is a size or another name for what there is."""
        if term.dimension or (isinstance(term.node, ast.Name) and not term.sample):
            self.terms[plain] = term
            return
        self.lines.append((plain, term.node))
        self.terms[plain] = Term(name(f"{len(self.lines) - 1} "), term.sample, matrix=term.matrix)

    def _unpack(self, target: ast.Tuple | ast.List, value: ast.expr) -> None:
        plain = [part.id if isinstance(part, ast.Name) else "" for part in target.elts]
        if not all(plain):
            raise self.code.refuse(target, "only names can be assigned")
        if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(plain):
            for part, given in zip(target.elts, value.elts, strict=True):
                self._assign(part, given)
        elif isinstance(value, ast.Attribute) and value.attr == "shape":
            size = self._size(value.value)
            if size is None:
                raise self.code.refuse(value, "only sizes of inputs and states are known")
            self.terms[plain[-1]] = size
        elif isinstance(value, ast.Call) and ast.unparse(value.func).rsplit(".", 1)[-1] in tables.SPLIT:
            self._split(plain, value)
        elif isinstance(value, ast.Name) and _is_state(value.id):
            self.states = [s for s in self.states if s != _stem(value.id)]
            for one in plain:
                self._state(one, _stem(one))
        elif isinstance(value, ast.Name) and value.id not in self.terms:
            self.terms.update({part: Term(name(_usable(part))) for part in plain})
        else:
            raise self.code.refuse(value, "what is taken apart here is not known")

    def _split(self, plain: list[str], value: ast.Call) -> None:
        """Equal parts of a stacked value."""
        function = value.func
        if isinstance(function, ast.Attribute) and ast.unparse(function.value).split(".")[0] not in self.code.module_names:
            whole = function.value
        elif value.args:
            whole = value.args[0]
        else:
            raise self.code.refuse(value, "what is taken apart here is not known")
        count = next((a for a in value.args if isinstance(a, ast.Constant)), None)
        if count is not None and count.value not in (len(plain), -1):
            raise self.code.refuse(value, f"expected {len(plain)} parts")
        term = Reader(self.code, self._look).term(whole)
        for number, part in enumerate(plain):
            low, high = (ast.parse(f"{n} * H" if n > 1 else "H" if n else "0", mode="eval").body for n in (number, number + 1))
            self._define(part, Term(ast.Subscript(term.node, ast.Slice(low, high), ast.Load()), term.sample))

    def _new_states(self, returned: list[ast.expr]) -> dict[int, str]:
        """The equations that are the new states, by number; what is returned beside them is an output."""
        numbers: list[tuple[str, int]] = []
        for position, node in enumerate(returned):
            term = Reader(self.code, self._look).term(node)
            if not (isinstance(term.node, ast.Name) and term.node.id.endswith(" ")):
                self.lines.append((f"out{position}", term.node))
                term = Term(name(f"{len(self.lines) - 1} "))
            assert isinstance(term.node, ast.Name)
            numbers.append((node.id if isinstance(node, ast.Name) else "", int(term.node.id)))
        found: dict[int, str] = {}
        for plain, number in numbers:
            stem = _stem(plain) if plain else ""
            if stem in self.states and stem not in found.values():
                found[number] = stem
        left = [state for state in self.states if state not in found.values()]
        for plain, number in dict.fromkeys(numbers):
            if left and number not in found and (not plain or len(numbers) <= len(self.states)):
                found[number] = left.pop(0)
        return found

    def _check(self, renamed: dict[int, str]) -> None:
        missing = [state for state in self.states if state not in renamed.values()]
        if missing:
            raise self.code.refuse(self.function, f"does not return the new value of {missing[0]}")

    def _named(self, renamed: dict[int, str]) -> Iterator[tuple[str, ast.expr]]:
        """The equations with their last names, a number behind one that is used twice."""
        taken = {*self.states, *self.inputs.values(), *self._parameters()}
        final: dict[str, str] = {}
        for number, (plain, value) in enumerate(self.lines):
            made = renamed.get(number) or _free(_usable(plain), taken)
            taken.add(made)
            final[f"{number} "] = made
            yield made, _Renamed(final).visit(value)

    def _parameters(self) -> Iterator[str]:
        read = (node for _, value in self.lines for node in ast.walk(value) if isinstance(node, ast.Name))
        yield from (node.id for node in read if not node.id.endswith(" "))


class _Renamed(ast.NodeTransformer):
    """Puts the last names of equations in the place of their numbers."""

    def __init__(self, final: dict[str, str]) -> None:
        self._final = final

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return name(self._final.get(node.id, node.id))


def _flat(node: ast.expr) -> list[ast.expr]:
    return [part for element in node.elts for part in _flat(element)] if isinstance(node, (ast.Tuple, ast.List)) else [node]


def _stem(plain: str) -> str:
    """The name without a word for the step before or the new one: h for h_prev, prev_h, h_new, hprev."""
    before, after = "|".join(tables.BEFORE), "|".join(tables.AFTER)
    inner = re.sub(rf"^(?:{before}|{after})_", "", plain)
    inner = re.sub(rf"_(?:{before}|{after})$|_?(?:prev|new|next)$|(?<=[a-zA-Z])[01]$", "", inner)
    return _usable(inner or plain)


def _is_state(plain: str) -> bool:
    return _stem(plain) in tables.STATES


def _usable(plain: str) -> str:
    made = re.sub(r"__+", "_", plain).strip("_") or "v"
    return made if names.usable(made) else f"{made}_0"


def _free(plain: str, taken: set[str]) -> str:
    candidates = (plain if number == 1 else f"{plain}_{number}" for number in range(1, 1000))
    return next(made for made in candidates if made not in taken)
