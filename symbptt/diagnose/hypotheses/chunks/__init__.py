"""Mistakes of chunk code, made in the chunk form of a model.

They are about masks, cumulated sums, what crosses the border of a chunk, the end that does not fill one, and anchors.
"""

from collections.abc import Iterator

from symbptt.diagnose.hypotheses.chunks import anchors, borders, cumsums, forward, ragged, variants
from symbptt.diagnose.mutant import Mutant
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass

__all__ = ["forward", "mutants"]


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """The hypotheses about a chunk form; none about another model."""
    if point.padding:
        for family in (variants.mutants, cumsums.mutants, borders.mutants, ragged.mutants, anchors.mutants):
            yield from family(backward, point)
