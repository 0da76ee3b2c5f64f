"""The search for edits after which a formula holds, within seconds of processor time."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from symbptt.diagnose.causes import Cause
from symbptt.diagnose.clock import Clock
from symbptt.diagnose.formula.edits import FAMILIES, PAIRED, edits
from symbptt.diagnose.formula.sides import Point
from symbptt.diagnose.formula.tree import Node, walk
from symbptt.diagnose.formula.vocabulary import Around

SECONDS = 3.0
"""Processor time of the whole search."""
MORE = 0.2
"""Processor time in which other repairs are looked for when there is one."""
MOST = 3
"""Repairs that are told."""
SELDOM = 16
"""The clock is looked at every so many edits."""


@dataclass(frozen=True)
class Repair:
    """A right side that holds, and the mistakes that it undoes."""

    right: Node
    causes: tuple[Cause, ...]


def repairs(points: list[Point], around: Around, clock: Clock, pairs: bool) -> list[Repair]:
    """The repairs that hold at all points, each with another cause, the likeliest first; two edits where one is not enough.

    One that gives the derivation's own equation is alone.
    """
    found: dict[str, Repair] = {}
    right = points[0].formula.right
    candidates = (Repair(e.right, (e.cause,)) for e in edits(right, around, FAMILIES))
    for repair in _holding(candidates, points, clock):
        if around.is_ours(repair.right):
            return [repair]
        found.setdefault(repair.causes[0].name, repair)
        clock.cut(MORE)
    if not found and pairs:
        return list(islice(_holding(_pairs(right, around), points, clock), 1))
    return list(found.values())[:MOST]


def _pairs(right: Node, around: Around) -> Iterator[Repair]:
    for first in edits(right, around, PAIRED):
        for second in edits(first.right, around, PAIRED):
            yield Repair(second.right, (first.cause, second.cause))


def _holding(candidates: Iterator[Repair], points: list[Point], clock: Clock) -> Iterator[Repair]:
    formula = points[0].formula
    names = set(formula.left.free)
    tried = {formula.right}
    for repair in candidates:
        if clock.over:
            return
        # What reads its own left side says nothing, true as it may be.
        if repair.right in tried or formula.left in walk(repair.right) or not names.issuperset(repair.right.free):
            continue
        tried.add(repair.right)
        if all(point.holds(repair.right) for point in points):
            yield repair
