"""What an edit of a formula is: a repaired right side and the cause that it undoes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from symbptt.diagnose.causes import Cause
from symbptt.diagnose.formula.tree import Node, Path, at, flat, put, values
from symbptt.diagnose.formula.vocabulary import Around


@dataclass(frozen=True)
class Edit:
    """A repaired right side, and the cause that the repair undoes."""

    right: Node
    cause: Cause


Family = Callable[[Node, Around], Iterator[Edit]]


def edit(tree: Node, path: Path, new: Node, cause: str, subject: str = "", **words: str) -> Edit:
    """The edit that puts `new` at a path; the words of the cause tell what stood there, in which summand."""
    made, old = put(tree, path, new), at(tree, path)
    around = _summand(tree, path)
    right = at(made, around) if cause in _OF_SUMMANDS else new
    shown = {"place": str(at(tree, around)), "wrong": str(old), "right": str(right)}
    return Edit(made, Cause(cause, None, subject, 0, tuple({**shown, **words}.items())))


_OF_SUMMANDS = ("factor-wrong", "factor-missing")
"""Causes that tell the whole summand as it should be."""


def _summand(tree: Node, path: Path) -> Path:
    """The path of the summand in which a part stands."""
    for end in range(len(path), 0, -1):
        if at(tree, path[: end - 1]).op in ("+", "-", "range"):
            return path[:end]
    return ()


def summand_places(tree: Node) -> Iterator[tuple[Path, Node, tuple[str, ...]]]:
    """The places of summands: the whole, bodies of sums and products, and the sides of + and -."""
    for path, node, scope in values(tree):
        above = at(tree, path[:-1]) if path else None
        if above is None or above.op in ("+", "-") or (above.op == "range"):
            yield path, node, scope


def chains(tree: Node, ops: tuple[str, ...]) -> Iterator[tuple[Path, list[tuple[str, Node]]]]:
    """The whole chains of these operators."""
    for path, node, _ in values(tree):
        if node.op in ops and not (path and path[-1] == 0 and at(tree, path[:-1]).op in ops):
            yield path, flat(node, ops)
