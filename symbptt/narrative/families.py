"""Steps of equal structure told as one: the gates of a cell, with an index that runs over them.

Which steps belong together is seen from the formulas alone: they differ in one letter, everywhere in the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from symbptt.narrative.values import Prose, Step
from symbptt.typeset import family
from symbptt.typeset.tree import Tree


@dataclass(frozen=True)
class Family(Step):
    """A step that stands for several: `instances` by the member that takes the place of the letter."""

    letter: str = ""
    instances: tuple[tuple[str, Step], ...] = ()


def families(steps: Sequence[Step], letter: str | None = None) -> tuple[Step, ...]:
    """The steps with each family in the place of its first member; `letter` is the index, one that no formula has by default."""
    letter = letter or family.free([step.equation for step in steps])
    left, made = list(steps), list[Step]()
    while left:
        first = left.pop(0)
        members = _members(first, left, letter) if letter else []
        if not members:
            made.append(first)
            continue
        left = [step for step in left if step not in [other for _, other in members]]
        made.append(_one(first, members, letter or ""))
    return tuple(made)


def _members(first: Step, others: Sequence[Step], letter: str) -> list[tuple[str, Step]]:
    """The steps that differ from the first in the same places, with what each has there; the first one's own letter leads."""
    found: dict[tuple[str, Tree], list[tuple[str, Step]]] = {}
    for other in others:
        way = family.difference(first.equation, other.equation)
        if way is not None and first.shapes == other.shapes and _fits(first.claim, other.claim, way):
            found.setdefault((way[0], family.general(first.equation, other.equation, letter)), []).append((way[1], other))
    if not found:
        return []
    (own, _), members = max(found.items(), key=lambda pair: len(pair[1]))
    return [(own, first), *members] if len({member for member, _ in members}) == len(members) else []


def _fits(first: Prose, other: Prose, way: family.Difference) -> bool:
    """Whether two sentences are the same, or differ in the same way as their formulas."""
    if len(first) != len(other):
        return False
    pairs = zip(first, other, strict=True)
    return all(a == b or (isinstance(a, Tree) and isinstance(b, Tree) and family.difference(a, b) == way) for a, b in pairs)


def _one(first: Step, members: list[tuple[str, Step]], letter: str) -> Step:
    other = members[1][1]
    way = (members[0][0], members[1][0])
    over = family.membership(letter, [member for member, _ in members])
    alike = all(_fits(first.rule, step.rule, (way[0], member)) for member, step in members[1:])
    rule: Prose = (over, ": ", *_general(first.rule, other.rule, letter)) if alike and first.rule else (over,)
    numbers = tuple(number for _, step in members for number in step.numbers)
    return Family(
        family.general(first.equation, other.equation, letter), rule, first.shapes, _general(first.claim, other.claim, letter),
        first.number, first.label, numbers, letter, tuple(members),
    )


def _general(first: Prose, other: Prose, letter: str) -> Prose:
    pairs = zip(first, other, strict=True)
    return tuple(family.general(a, b, letter) if isinstance(a, Tree) and isinstance(b, Tree) else a for a, b in pairs)


