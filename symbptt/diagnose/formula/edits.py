"""Every formula that differs from a given one by one edit: the mistakes that people make, undone. A family is a function.

The order of the families is that in which causes are named: where two edits repair a formula, the commoner mistake goes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from symbptt.diagnose.causes import Cause
from symbptt.diagnose.formula.around import Around
from symbptt.diagnose.formula.operations import Shape
from symbptt.diagnose.formula.tree import (
    Node,
    Path,
    at,
    binary,
    call,
    everywhere,
    flat,
    folded,
    number,
    put,
    shifted,
    transposed,
    values,
    walk,
)

_HERE = "the formula"


@dataclass(frozen=True)
class Edit:
    """A repaired right side, and the cause that the repair undoes."""

    right: Node
    cause: Cause


Family = Callable[[Node, Around], Iterator[Edit]]


def edits(right: Node, around: Around, families: Sequence[Family]) -> Iterator[Edit]:
    """All single edits of these families."""
    for family in families:
        yield from family(right, around)


def edit(tree: Node, path: Path, new: Node, cause: str, subject: str = "", **words: str) -> Edit:
    """The edit that puts `new` at a path; the words of the cause tell what stood there, in which summand."""
    made, old = put(tree, path, new), at(tree, path)
    around = _summand(tree, path)
    shown = {"place": str(at(tree, around)), "wrong": str(old), "right": str(new if around == path else at(made, around))}
    if cause not in _OF_SUMMANDS:
        shown["right"] = str(new)
    return Edit(made, Cause(cause, None, subject, 0, tuple({**shown, **words}.items())))


_OF_SUMMANDS = ("factor-wrong", "factor-missing")
"""Causes that tell the whole summand as it should be."""


def _summand(tree: Node, path: Path) -> Path:
    """The path of the summand in which a part stands."""
    for end in range(len(path), 0, -1):
        if at(tree, path[: end - 1]).op in ("+", "-", "range"):
            return path[:end]
    return ()


def _summand_places(tree: Node) -> Iterator[tuple[Path, Node, tuple[str, ...]]]:
    """The places of summands: the whole, bodies of sums and products, and the sides of + and -."""
    for path, node, scope in values(tree):
        above = at(tree, path[:-1]) if path else None
        if above is None or above.op in ("+", "-") or (above.op == "range"):
            yield path, node, scope


def signs(tree: Node, around: Around) -> Iterator[Edit]:
    """A plus for a minus and the reverse; a sign too many or too few; a difference the other way round."""
    for path, node, _ in values(tree):
        if node.op in ("+", "-"):
            left, right = node.parts
            new = binary("-" if node.op == "+" else "+", left, right)
            yield edit(tree, path, new, "sign-flipped", what=str(right), fix=f"It should be {new}.")
        if node.op == "-":
            new = binary("-", node.parts[1], node.parts[0])
            yield edit(tree, path, new, "sign-flipped", what=str(node), fix=f"It should be {new}.")
        if node.op == "neg":
            yield edit(tree, path, node.parts[0], "sign-flipped", what=str(node), fix=f"It should be {node.parts[0]}.")
    for path, node, _ in _summand_places(tree):
        new = node.parts[0] if node.op == "neg" else Node("neg", "", (node,))
        yield edit(tree, path, new, "sign-flipped", what=str(node), fix=f"It should be {new}.")


def transposes(tree: Node, around: Around) -> Iterator[Edit]:
    """A transpose added or taken away."""
    for path, node, _ in values(tree):
        if node.op == "T":
            yield edit(tree, path, node.parts[0], "transpose-missing")
        elif _matrix(around.shape(node)) and not (path and at(tree, path[:-1]).op == "T"):
            yield edit(tree, path, transposed(node), "transpose-missing")


def _matrix(shape: Shape | None) -> bool:
    return shape is None or (len(shape) == 2 and shape != (1, 1))


def _like_slope(node: Node) -> bool:
    """Whether a part has the look of a slope: f'(a), 1 - h**2, h * (1 - h)."""
    one = number("1")
    if node.op == "call" and node.label == "slope":
        return True
    if node.op == "-":
        left, right = node.parts
        return left == one and (right.op == "**" or (right.op == "*" and right.parts[0] == right.parts[1]))
    if node.op == "*":
        return any(part.op == "-" and part.parts[0] == one for part in node.parts)
    return False


def slopes(tree: Node, around: Around) -> Iterator[Edit]:
    """A slope that is missing: the adjoint behind it for the one before, then as a factor in the form in which it fits."""
    for path, node, _ in values(tree):
        for slope in around.slopes:
            if node.op == "step" and node.label == f"d{slope.result}" and slope.argument:
                new = Node("step", f"d{slope.argument}", node.parts)
                yield edit(tree, path, new, "slope-missing", slope=str(slope.at(node.parts[0])))
    for weigh in (_entrywise, _diagonal):
        for path, node, scope in values(tree):
            shape = around.shape(node)
            if shape is None or len(shape) != 2 or node.op in ("range", "derivative"):
                continue
            for factor in (slope.at(step) for slope in around.slopes for step in around.steps(scope)):
                for new in weigh(node, shape, factor, around.shape(factor)):
                    yield edit(tree, path, new, "slope-missing", slope=str(factor))


def _entrywise(node: Node, shape: Shape, factor: Node, size: Shape | None) -> Iterator[Node]:
    """A column or row with a column as one more factor."""
    if size is not None and len(size) == 2 and size[1] == 1:
        if shape == size:
            yield binary("*", node, factor)
        elif shape == (1, size[0]):
            yield binary("*", node, transposed(factor))


def _diagonal(node: Node, shape: Shape, factor: Node, size: Shape | None) -> Iterator[Node]:
    """A matrix with a column as one more factor, on the diagonal."""
    if size is not None and len(size) == 2 and size[1] == 1 and size[0] > 1 and 1 not in shape:
        if shape[0] == size[0]:
            yield binary("@", call("diag", factor), node)
        if shape[1] == size[0]:
            yield binary("@", node, call("diag", factor))


def slope_arguments(tree: Node, around: Around) -> Iterator[Edit]:
    """A slope at another value or step, or of another function."""
    for path, node, scope in values(tree):
        if not _like_slope(node):
            continue
        for slope in around.slopes:
            for step in around.steps(scope):
                new = slope.at(step)
                same = slope.result in {n.label for n in walk(node)} or slope.argument in {n.label for n in walk(node)}
                cause = "slope-wrong" if same and node.op != new.op else "slope-argument"
                yield edit(tree, path, new, cause, slope=str(new), function=slope.function)
        if node.op == "call" and node.parts[1].op == "step":
            of = around.atoms(around.shape(node.parts[1]) or (), scope)
            for atom in of:
                new = call("slope", node.parts[0], atom)
                yield edit(tree, path, new, "slope-argument", slope=str(new))


def indices(tree: Node, around: Around) -> Iterator[Edit]:
    """Another step: one more or less, or one of the other indices, in one place or wherever the value stands."""
    for path, node, scope in _steps(tree):
        subject = node.label
        near = [shifted(node.parts[0], by) for by in (-1, 1)]
        for step in dict.fromkeys([*near, *around.steps(scope)]):
            if step == node.parts[0]:
                continue
            new = Node("step", node.label, (step,))
            one = edit(tree, path, new, "off-by-one", subject)
            yield one
            whole = everywhere(tree, node, new)
            if whole != one.right:
                yield Edit(whole, one.cause)


def _steps(tree: Node) -> Iterator[tuple[Path, Node, tuple[str, ...]]]:
    """The values of steps, those inside derivatives too."""
    for path, node, scope in values(tree):
        if node.op == "step":
            yield path, node, scope
        if node.op == "derivative":
            yield from (((*path, i), part, scope) for i, part in enumerate(node.parts) if part.op == "step")


def bounds(tree: Node, around: Around) -> Iterator[Edit]:
    """Sums and products that start or end too early or too late."""
    for path, node, scope in values(tree):
        if node.op != "range":
            continue
        ends = node.parts[1:3]
        for i, by in ((0, 1), (1, -1), (0, -1), (1, 1)):
            yield _bound(tree, path, node, i, shifted(ends[i], by), by)
        for i in (0, 1):
            others = [number("1"), *(Node("index", n) for n in (*around.scope(scope), "T"))]
            steps = [n for other in others for n in (other, shifted(other, 1), shifted(other, -1))]
            for new in dict.fromkeys(steps):
                if new != ends[i] and str(new) != "0":
                    yield _bound(tree, path, node, i, new, 1 - 2 * i if ends[i] == Node("index", "T") else 2 * i - 1)


def _bound(tree: Node, path: Path, node: Node, i: int, new: Node, by: int) -> Edit:
    parts = list(node.parts)
    old, parts[i + 1] = parts[i + 1], new
    shorter = (i, by) in ((0, 1), (1, -1))
    cause = "sum-range" if node.label == "sum" else "product-too-long" if shorter else "product-too-short"
    words = {"index": node.parts[0].label, "ends": ("start", "end")[i], "bound": str(old), "other": str(new)}
    return edit(tree, path, Node("range", node.label, tuple(parts)), cause, **words)


def orders(tree: Node, around: Around) -> Iterator[Edit]:
    """Two factors exchanged; a product the other way round; a whole chain from back to front."""
    for path, chain in _chains(tree, ("@", "*")):
        for i in range(len(chain) - 1):
            (before, one), (between, other) = chain[i : i + 2]
            new = folded([*chain[:i], (before, other), (between, one), *chain[i + 2 :]])
            yield edit(tree, path, new, "order-wrong")
        if len(chain) > 2 and all(op == "@" for op, _ in chain):
            yield edit(tree, path, folded(chain[::-1]), "order-wrong")
    for path, node, _ in values(tree):
        if node.op == "@":
            yield edit(tree, path, binary("@", node.parts[1], node.parts[0]), "order-wrong")
        if node.op == "range" and node.label != "sum":
            new = Node("range", "rprod" if node.label == "prod" else "prod", node.parts)
            yield edit(tree, path, new, "order-wrong")


def diagonals(tree: Node, around: Around) -> Iterator[Edit]:
    """A column that should be a diagonal matrix."""
    for path, node, _ in values(tree):
        if node.op in ("@", "*"):
            left, right = node.parts
            yield edit(tree, path, binary("@", call("diag", left), right), "diagonal-missing")
            yield edit(tree, path, binary("@", left, call("diag", right)), "diagonal-missing")


def repeated(tree: Node, around: Around) -> Iterator[Edit]:
    """A summand or a factor that is there twice."""
    for path, chain in _chains(tree, ("+", "-")):
        for i, part in enumerate(chain):
            left = [*chain[:i], *chain[i + 1 :]]
            if part in left:
                yield edit(tree, path, folded(left), "counted-twice", what=str(part[1]))
    for path, chain in _chains(tree, ("@", "*")):
        for i, (_, factor) in enumerate(chain):
            if factor in [node for _, node in chain[:i]]:
                new = folded([*chain[:i], *chain[i + 1 :]])
                yield edit(tree, path, new, "factor-extra", factor=str(factor))


def _chains(tree: Node, ops: tuple[str, ...]) -> Iterator[tuple[Path, list[tuple[str, Node]]]]:
    """The whole chains of these operators."""
    for path, node, _ in values(tree):
        if node.op in ops and not (path and path[-1] == 0 and at(tree, path[:-1]).op in ops):
            yield path, flat(node, ops)


def summands_extra(tree: Node, around: Around) -> Iterator[Edit]:
    """A summand too many."""
    for path, chain in _chains(tree, ("+", "-")):
        for i, part in enumerate(chain):
            yield edit(tree, path, folded([*chain[:i], *chain[i + 1 :]]), "summand-extra", summand=str(part[1]))


def extra(tree: Node, around: Around) -> Iterator[Edit]:
    """A factor too many; a function, a power or a complement too many."""
    for path, chain in _chains(tree, ("@", "*", "/")):
        for i, (_, factor) in enumerate(chain):
            if i or chain[1][0] != "/":
                yield edit(tree, path, folded([*chain[:i], *chain[i + 1 :]]), "factor-extra", factor=str(factor))
    for path, node, _ in values(tree):
        if node.op in ("@", "*", "/") and path and path[-1] == 0 and at(tree, path[:-1]).op in ("@", "*", "/"):
            yield edit(tree, path, node.parts[0], "factor-extra", factor=str(node.parts[1]))
            yield edit(tree, path, node.parts[1], "factor-extra", factor=str(node.parts[0]))
        if node.op == "call" and node.label != "slope" and len(node.parts) == 1:
            yield edit(tree, path, node.parts[0], "factor-wrong", right_factor=str(node.parts[0]))
        if node.op == "**":
            yield edit(tree, path, node.parts[0], "factor-wrong", right_factor=str(node.parts[0]))
        if node.op == "-" and node.parts[0].op == "number":
            yield edit(tree, path, node.parts[1], "factor-wrong", right_factor=str(node.parts[1]))


def symbols(tree: Node, around: Around) -> Iterator[Edit]:
    """Another value of the same shape in the place of one, or wherever it stands."""
    for path, node, scope in values(tree):
        if node.op not in ("step", "name"):
            continue
        for atom in around.atoms(around.shape(node) or (), scope):
            if atom == node or (atom.op == node.op == "step" and atom.label == node.label):
                continue
            one = edit(tree, path, atom, "factor-wrong", node.label, right_factor=str(atom))
            yield one
            whole = everywhere(tree, node, atom) if atom.op == node.op else one.right
            if whole != one.right:
                yield Edit(whole, one.cause)


def wrapped(tree: Node, around: Around) -> Iterator[Edit]:
    """A function, a square or a complement missing: c for tanh(c), h for h**2, z for 1 - z; a number one too high or low."""
    for path, node, _ in values(tree):
        shape = around.shape(node)
        if node.op == "number":
            for by in (-1, 1):
                new = number(float(node.label) + by) if float(node.label) + by >= 0 else Node("neg", "", (number("1"),))
                yield edit(tree, path, new, "factor-wrong", right_factor=str(new))
            continue
        if shape is None or node.op in ("range", "derivative", "+", "-"):
            continue
        forms = [binary("-", number("1"), node)]
        forms += [call(name, node) for name in around.functions]
        if len(shape) == 2 and shape[1] == 1:
            forms += [call("softmax", node), binary("**", node, number("2"))]
        for new in forms:
            yield edit(tree, path, new, "factor-wrong", right_factor=str(new))
    for path, node, _ in values(tree):
        if node.op == "**" and node.parts[1].op == "number":
            for by in (-1, 1):
                power = number(float(node.parts[1].label) + by)
                new = binary("**", node.parts[0], power)
                yield edit(tree, path, new, "factor-wrong", right_factor=str(new))


def missing(tree: Node, around: Around) -> Iterator[Edit]:
    """A factor put in beside another: one of the derivation's, a weight matrix, a value of the same shape, a number."""
    for path, node, scope in values(tree):
        shape = around.shape(node)
        if shape is None or len(shape) != 2 or node.op == "derivative":
            continue
        for factor in dict.fromkeys([*around.factors(scope), *around.atoms(shape, scope)]):
            size = around.shape(factor)
            for new in _beside(node, shape, factor, size):
                yield edit(tree, path, new, "factor-missing", factor=str(factor))
        for weight in _weights(around, scope):
            size = around.shape(weight)
            if size is None or 1 in size:
                continue
            for new, fits in ((binary("@", weight, node), size[1] == shape[0]), (binary("@", node, weight), shape[1] == size[0])):
                if fits:
                    yield edit(tree, path, new, "factor-missing", factor=str(weight))


def _beside(node: Node, shape: Shape, factor: Node, size: Shape | None) -> Iterator[Node]:
    if size == shape or size in ((), (1, 1)):
        yield binary("*", node, factor)
    elif size is not None and len(size) == 2:
        if size[1] == 1:
            yield from (*_entrywise(node, shape, factor, size), *_diagonal(node, shape, factor, size))
        if size[1] == shape[0]:
            yield binary("@", factor, node)
        if shape[1] == size[0]:
            yield binary("@", node, factor)


def _weights(around: Around, scope: tuple[str, ...]) -> list[Node]:
    found = []
    for v in around.model.parameters:
        if len(v.shape) == 2:
            plain = [Node("name", v.name)] if not v.timed else [Node("step", v.name, (s,)) for s in around.steps(scope)]
            found += [form for p in plain for form in (p, transposed(p))]
    return found


def summands(tree: Node, around: Around) -> Iterator[Edit]:
    """A summand of the derivation's equation that is missing."""
    for path, node, scope in _summand_places(tree):
        for summand in around.summands(scope):
            if node == number("0"):
                yield edit(tree, path, summand, "route-missing", summand=str(summand))
            parts = [("+", node), ("-", summand.parts[0]) if summand.op == "neg" else ("+", summand)]
            yield edit(tree, path, folded(parts), "route-missing", summand=str(summand))


def constants(tree: Node, around: Around) -> Iterator[Edit]:
    """A number missing before a summand or a bracket."""
    half = binary("/", number("1"), number("2"))
    steps = Node("index", "T")
    for path, node, _ in values(tree):
        if node.op == "number":
            continue
        for value in (number("2"), half, steps, binary("/", number("1"), steps)):
            new = binary("*", value, node)
            yield edit(tree, path, new, "factor-missing", factor=str(value))


def derivatives(tree: Node, around: Around) -> Iterator[Edit]:
    """A derivative by another value: by the state of its step where it is by a parameter; immediate for total."""
    for path, node, _ in values(tree):
        if node.op != "derivative":
            continue
        of, by = node.parts
        other = Node("derivative", "D" if node.label == "d" else "d", node.parts)
        yield edit(tree, path, other, "factor-wrong", right_factor=str(other))
        for by_new in (v for v in around.variables.values() if of.op == "step" and by.label != v.name):
            step = Node("step", by_new.name, of.parts) if by_new.timed else Node("name", by_new.name)
            new = Node("derivative", node.label, (of, step))
            yield edit(tree, path, new, "factor-wrong", right_factor=str(new))
        for of_new in (v for v in around.variables.values() if of.op == "step" and of.label != v.name and v.timed):
            new = Node("derivative", node.label, (Node("step", of_new.name, of.parts), by))
            yield edit(tree, path, new, "factor-wrong", right_factor=str(new))
