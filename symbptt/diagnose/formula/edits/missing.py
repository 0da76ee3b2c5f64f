"""Factors, summands, functions and numbers that are missing."""

from collections.abc import Iterator

from symbptt.diagnose.formula.edits.edit import Edit, edit, summand_places
from symbptt.diagnose.formula.edits.slopes import diagonal, entrywise
from symbptt.diagnose.formula.operations import Shape
from symbptt.diagnose.formula.tree import Node, binary, call, folded, number, transposed, values
from symbptt.diagnose.formula.vocabulary import Around


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
        forms = [binary("-", number("1"), node.parts[0] if node.op == "neg" else node)]
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
            yield from (*entrywise(node, shape, factor, size), *diagonal(node, shape, factor, size))
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
    for path, node, scope in summand_places(tree):
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
