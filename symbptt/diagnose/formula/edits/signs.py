"""Signs, transposes and the order of factors; what is there twice or too much."""

from collections.abc import Iterator

from symbptt.diagnose.formula.edits.edit import Edit, chains, edit, summand_places
from symbptt.diagnose.formula.operations import Shape
from symbptt.diagnose.formula.tree import Node, at, binary, call, folded, transposed, values
from symbptt.diagnose.formula.vocabulary import Around


def repeated(tree: Node, around: Around) -> Iterator[Edit]:
    """A summand or a factor that is there twice."""
    for path, chain in chains(tree, ("+", "-")):
        for i, part in enumerate(chain):
            left = [*chain[:i], *chain[i + 1 :]]
            if part in left:
                yield edit(tree, path, folded(left), "counted-twice", what=str(part[1]))
    for path, chain in chains(tree, ("@", "*")):
        for i, (_, factor) in enumerate(chain):
            if factor in [node for _, node in chain[:i]]:
                new = folded([*chain[:i], *chain[i + 1 :]])
                yield edit(tree, path, new, "factor-extra", factor=str(factor))


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
    for path, node, _ in summand_places(tree):
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


def orders(tree: Node, around: Around) -> Iterator[Edit]:
    """Two factors exchanged; a product the other way round; a whole chain from back to front."""
    for path, chain in chains(tree, ("@", "*")):
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


def extra(tree: Node, around: Around) -> Iterator[Edit]:
    """A factor too many; a function, a power or a complement too many."""
    for path, chain in chains(tree, ("@", "*", "/")):
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


def summands_extra(tree: Node, around: Around) -> Iterator[Edit]:
    """A summand too many."""
    for path, chain in chains(tree, ("+", "-")):
        for i, part in enumerate(chain):
            yield edit(tree, path, folded([*chain[:i], *chain[i + 1 :]]), "summand-extra", summand=str(part[1]))
