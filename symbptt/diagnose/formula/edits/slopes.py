"""Slopes that are missing, or taken of another function or at another value."""

from collections.abc import Iterator

from symbptt.diagnose.formula.edits.edit import Edit, edit
from symbptt.diagnose.formula.operations import ELEMENTWISE, Shape
from symbptt.diagnose.formula.tree import Node, binary, call, number, transposed, values, walk
from symbptt.diagnose.formula.vocabulary import Around


def _like_slope(node: Node) -> bool:
    """Whether a part has the look of a slope: f'(a), 1 - h**2, h * (1 - h)."""
    if node.op == "*":
        return any(map(_complement, node.parts))
    return (node.op == "call" and node.label == "slope") or _complement(node)


def _complement(node: Node) -> bool:
    """1 - x, or what is left of it without the 1."""
    return node.op == "neg" or (node.op == "-" and node.parts[0] == number("1"))


def slopes_for_values(tree: Node, around: Around) -> Iterator[Edit]:
    """A value where its slope belongs: h for 1 - h**2, sigmoid(a) for the slope."""
    for path, node, scope in values(tree):
        of_step = node.op == "step" and node.label in around.variables
        if of_step or (node.op == "call" and node.label in ELEMENTWISE):
            for slope in around.slopes:
                for new in (slope.at(step) for step in around.steps(scope)):
                    yield edit(tree, path, new, "slope-wrong", slope=str(new), function=slope.function)


def slopes(tree: Node, around: Around) -> Iterator[Edit]:
    """A slope that is missing: the adjoint behind it for the one before, then as a factor in the form in which it fits."""
    for path, node, _ in values(tree):
        for slope in around.slopes:
            if node.op == "step" and slope.result and node.label == f"d{slope.result}" and slope.argument in around.variables:
                new = Node("step", f"d{slope.argument}", node.parts)
                yield edit(tree, path, new, "slope-missing", slope=str(slope.at(node.parts[0])))
    for weigh in (entrywise, diagonal):
        for path, node, scope in values(tree):
            shape = around.shape(node)
            if shape is None or len(shape) != 2 or node.op in ("range", "derivative"):
                continue
            for factor in (slope.at(step) for slope in around.slopes for step in around.steps(scope)):
                for new in weigh(node, shape, factor, around.shape(factor)):
                    yield edit(tree, path, new, "slope-missing", slope=str(factor))


def entrywise(node: Node, shape: Shape, factor: Node, size: Shape | None) -> Iterator[Node]:
    """A column or row with a column as one more factor."""
    if size is not None and len(size) == 2 and size[1] == 1:
        if shape == size:
            yield binary("*", node, factor)
        elif shape == (1, size[0]):
            yield binary("*", node, transposed(factor))


def diagonal(node: Node, shape: Shape, factor: Node, size: Shape | None) -> Iterator[Node]:
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
                same = {slope.result, slope.argument} & {n.label for n in walk(node) if n.op == "step"}
                cause = "slope-wrong" if same and node.op != new.op else "slope-argument"
                yield edit(tree, path, new, cause, slope=str(new), function=slope.function)
        if node.op == "call" and node.parts[1].op == "step":
            of = around.atoms(around.shape(node.parts[1]) or (), scope)
            for atom in of:
                new = call("slope", node.parts[0], atom)
                yield edit(tree, path, new, "slope-argument", slope=str(new))
