"""How signs were read that could mean two things: told with every verdict."""

from collections.abc import Iterator

from symbptt.diagnose.formula.operations import Shape
from symbptt.diagnose.formula.sides import Point
from symbptt.diagnose.formula.tree import Node, walk


def readings(point: Point) -> tuple[str, ...]:
    """One phrase for each sign that has another meaning elsewhere."""
    formula = point.formula
    found = dict(pair for side in (formula.left, formula.right) for node in walk(side) for pair in _of(node, point))
    return tuple(found.values())


def _of(node: Node, point: Point) -> Iterator[tuple[str, str]]:
    if node.op in ("**", "*", "/", "@"):
        a, b = (point.shape(part) for part in node.parts)
        if node.op == "**" and _square(a):
            yield "power", f"{node} is the matrix power"
        elif node.op == "**" and a and max(a) > 1:
            yield "square", f"{node} is taken entry by entry"
        elif node.op == "*" and _square(a, b) and _square(b, a):
            yield "product", f"{node} multiplies entry by entry, @ is the matrix product"
        elif node.op == "/" and b and max(b) > 1:
            yield "quotient", f"{node} divides entry by entry"
    if node.op == "call" and node.label == "mpow":
        yield "power", f"{node} is the matrix power"
    if node.op == "T" and (shape := point.shape(node.parts[0])) and shape[1] == 1 and shape[0] > 1:
        yield "row", f"a vector is a column, {node} a row"
    if node.op == "range" and node.label != "sum":
        first, last = ("newest", "oldest") if node.label == "rprod" else ("oldest", "newest")
        yield node.label, f"{node.label} has the {first} factor on the left, the {last} on the right"
    if node.op == "step" and node.parts[0].op == "number":
        yield "step", "steps are counted from 1, and step 0 is the initial state"
    if node.op == "derivative":
        meaning = "earlier steps are held fixed" if node.label == "d" else "through all steps"
        yield node.label, f"{node.label}({', '.join(map(str, node.parts))}): {meaning}, a row for each entry of the first"
    if node == Node("name", "N"):
        yield "N", "N is the number of samples, of which a formula describes one"


def _square(shape: Shape | None, other: Shape | None = None) -> bool:
    """Whether a shape is that of a matrix, of a square one if no other is given."""
    return bool(shape) and len(shape or ()) == 2 and min(shape or (0,)) > 1 and (other is not None or len(set(shape or ())) == 1)
