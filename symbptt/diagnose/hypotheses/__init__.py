"""The hypotheses: for each family of mistakes a function from a backward pass to its mutants, in `FAMILIES`."""

from collections.abc import Callable, Iterable

from symbptt.diagnose.hypotheses import (
    adjoints,
    blocks,
    carried,
    carry,
    chunks,
    index,
    jacobians,
    losses,
    permuted,
    product,
    rotation,
    shared,
    slices,
    slope,
    stacked,
    stale,
    summed,
    terms,
)
from symbptt.diagnose.mutant import Mutant
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass

FAMILIES: tuple[Callable[[BackwardPass, Point], Iterable[Mutant]], ...] = (
    carry.mutants, terms.mutants, losses.mutants, index.mutants, slope.mutants, product.mutants, permuted.mutants, stale.mutants,
    summed.mutants, stacked.mutants, jacobians.mutants, carried.mutants, adjoints.mutants,
    rotation.mutants, shared.mutants, blocks.mutants, slices.mutants, summed.reversed_steps,
    losses.other_losses, chunks.mutants,
)
"""Another family is another row."""

FAR_FETCHED: tuple[Callable[[BackwardPass, Point], Iterable[Mutant]], ...] = (product.replaced, summed.written)
"""Families that are tried only where none of the usual ones fits."""

IN_THE_FORWARD_PASS: tuple[Callable[[BackwardPass, Point], Iterable[Mutant]], ...] = (chunks.forward.mutants,)
"""Families of models that somebody computed in place of the right one: one of them explains everything, or nothing."""


def mutants(backward: BackwardPass, point: Point) -> list[Mutant]:
    """The hypotheses about a backward pass."""
    return [mutant for family in FAMILIES for mutant in family(backward, point)]


def far_fetched(backward: BackwardPass, point: Point) -> list[Mutant]:
    """The far-fetched hypotheses about it."""
    return [mutant for family in FAR_FETCHED for mutant in family(backward, point)]


def other_models(backward: BackwardPass, point: Point) -> list[Mutant]:
    """The hypotheses that the forward pass is another already."""
    return [mutant for family in IN_THE_FORWARD_PASS for mutant in family(backward, point)]
