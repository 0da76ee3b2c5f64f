"""Another step, bound, value or derivative in the place of one."""

from collections.abc import Iterator

from symbptt.diagnose.formula.edits.edit import Edit, edit
from symbptt.diagnose.formula.tree import Node, Path, everywhere, number, shifted, values
from symbptt.diagnose.formula.vocabulary import Around


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

