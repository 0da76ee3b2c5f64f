"""Masks, cumulated sums, decays and padding that are wrong in the backward pass alone."""

from __future__ import annotations

from collections.abc import Iterator

from symbptt.diagnose.hypotheses.chunks.places import cause, groups
from symbptt.diagnose.hypotheses.chunks.variants import Variant, Variants
from symbptt.diagnose.mutant import Mutant, swapped
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """Every variant of a part, in one summand, in some and in all that have it."""
    known = Variants(backward.model, point.padding)
    found: dict[Variant, None] = {v: None for route in backward.routes for v in known.of(route.value)}
    for variant in found:
        for routes in groups(r for r in backward.routes if variant.read_by(r.value)):
            made = cause(variant.name, backward, routes, variant.wrong, variant.right)
            yield Mutant((made,), swapped(routes, variant.rules))
