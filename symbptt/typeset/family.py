"""Formulas of equal structure as one formula with an index: a_i = W_i x, a_f = W_f x become a_z = W_z x, z ∈ {i, f}.

Two trees are alike if they differ in names alone, and everywhere in the same way: one has i where the other has f.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from symbptt.typeset.tree import Fenced, Identifier, Operator, Row, Tree, rebuilt

LETTERS = ("z", "r", "p", "u", "w", "n", "m")
"""Letters for the index, the first that no formula has."""

TIME = "t"
"""The letter of the step, which is no member."""

Difference = tuple[str, str]
"""What one formula has where another has something else."""


def difference(first: Tree, other: Tree) -> Difference | None:
    """The one way in which two trees differ; None if they are the same, or differ in more than that."""
    found = set(_differences(first, other))
    return next(iter(found)) if len(found) == 1 and None not in found else None


def _differences(first: Any, other: Any) -> list[Difference | None]:
    if first == other:
        return []
    if type(first) is not type(other):
        return [None]
    if isinstance(first, Identifier):
        same = replace(other, text=first.text) == first
        return [_inside(first.text, other.text) if same else None]
    mine, theirs = parts(first), parts(other)
    if len(mine) != len(theirs) or not mine or _shell(first) != _shell(other):
        return [None]
    return [part for a, b in zip(mine, theirs, strict=True) for part in _differences(a, b)]


def parts(tree: Tree) -> list[Tree]:
    """The nodes directly inside a node, scripts and entries too."""
    found: list[Tree] = []

    def seen(inner: Tree) -> Tree:
        found.append(inner)
        return inner

    rebuilt(tree, seen)
    return found


def _shell(tree: Tree) -> Tree:
    """A tree without what is in it."""
    return rebuilt(tree, lambda inner: Identifier(""))


def _inside(first: str, other: str) -> Difference | None:
    """What two names have between a beginning and an end that are the same: one letter each, and not the t of a step."""
    start = shared((first, other))
    end = shared((first[start:][::-1], other[start:][::-1]))
    mine, theirs = first[start : len(first) - end], other[start : len(other) - end]
    letters = all(len(part) == 1 and part.isalpha() and part != TIME for part in (mine, theirs))
    return (mine, theirs) if letters else None


def shared(texts: Sequence[str]) -> int:
    """The number of characters with which all texts begin."""
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, zip(*texts, strict=False)))


def general(first: Tree, other: Tree, letter: str) -> Tree:
    """The first tree, with the letter wherever the other differs."""
    if first == other:
        return first
    if isinstance(first, Identifier) and isinstance(other, Identifier):
        start = shared((first.text, other.text))
        return replace(first, text=first.text[:start] + letter + first.text[start + 1 :])
    theirs = iter(parts(other))
    return rebuilt(first, lambda inner: general(inner, next(theirs), letter))


def free(trees: Sequence[Tree], names: Iterable[str] = ()) -> str | None:
    """A letter for the index that no name has, in the trees or of `names`; None if all are taken."""
    taken = {character for tree in trees for name in _names(tree) for character in name}.union(*names)
    return next((letter for letter in LETTERS if letter not in taken), None)


def _names(tree: Tree) -> list[str]:
    own = [tree.text] if isinstance(tree, Identifier) else []
    return own + [name for inner in parts(tree) for name in _names(inner)]


def membership(letter: str, members: Sequence[str]) -> Tree:
    """z ∈ {i, f, g}."""
    listed: list[Tree] = [part for member in members for part in (Operator(","), Identifier(member))]
    return Row((Identifier(letter), Operator("∈"), Fenced(Row(tuple(listed[1:])), "{")))
