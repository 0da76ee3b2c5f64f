"""The adjoint of a cumulated sum is the sum from the other end.

Where the decay of the whole chunk is read off the sum at the last token, what it gets back is in that sum.
"""

from collections.abc import Iterator

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import heads as heads_of
from symbptt.algebra import tidy
from symbptt.algebra.evaluate import Array
from symbptt.algebra.head_nodes import HeadBroadcast, HeadProduct
from symbptt.algebra.nodes import LowerOnes
from symbptt.diagnose.displaced import Displaced
from symbptt.diagnose.hypotheses.chunks.places import cause
from symbptt.diagnose.hypotheses.chunks.variants import Variants, shared
from symbptt.diagnose.mutant import Mutant, changed
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass, Route


class Final(Displaced):
    """One at the last token of a chunk, read off the input that says where there are tokens."""

    mark = "final"

    def taken(self, value: Array) -> Array:
        return value - np.concatenate((value[..., 1:, :], np.zeros_like(value[..., :1, :])), axis=-2)


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """In all that a gate gets, the sum from the token after it, or from the first token."""
    known = Variants(backward.model, point.padding)
    last = Final(backward.model[point.padding].at())
    for gate in known.sums.values():
        routes = [r for r in backward.routes if r.target.at() == gate]
        size = backward.model[point.padding].rows
        for mask, column in (
            (tidy.transpose(LowerOnes(size, -1)), tidy.add(OneMatrix(size, 1), tidy.scale(-1, last))),
            (LowerOnes(size, 0), last),
        ):
            values = {r.place: made for r in routes if (made := _summed(r, mask, column)) is not None}
            if values:
                said = cause("cumsum-wrong", backward, routes, mask, tidy.transpose(LowerOnes(size, 0)))
                yield Mutant((said,), changed({p: lambda value, w=w: w for p, w in values.items()}))  # type: ignore[misc]


def _summed(route: Route, mask: MatrixExpr, column: MatrixExpr) -> MatrixExpr | None:
    """A summand with another sum over the tokens; None where it has none."""
    number, factors = tidy.split_number(route.value)
    first = factors[0]
    if isinstance(first, HeadProduct):
        (left, right, heads), sums = first.args, heads_of.each(mask, first.heads)
        return tidy.scale(number, heads_of.product(sums, right, heads)) if _sums_back(shared(left)) else None
    if isinstance(first, HeadBroadcast) and first.args[1] == column.shape[0]:
        return tidy.scale(number, heads_of.product(heads_of.each(column, first.heads), first.args[0], first.heads))
    if _sums_back(first):
        return tidy.scale(number, tidy.mul(mask, *factors[1:]))
    if isinstance(first, OneMatrix) and first.shape == column.shape and len(factors) > 1:
        return tidy.scale(number, tidy.mul(column, *factors[1:]))
    return None


def _sums_back(factor: MatrixExpr) -> bool:
    """Whether a factor makes sums from the last token."""
    return isinstance(factor, sp.Transpose) and isinstance(factor.arg, LowerOnes)
