"""Anchors: e^{c − r} on the one side needs e^{r − c} on the other, and one of the two is forgotten.

With a decay for each key code keeps exponents small by the cumulated sum r of some token, the anchor. A factor e^r too many, or
too few, is left where the two do not meet.
"""

from collections.abc import Iterator
from itertools import permutations

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import heads as of
from symbptt.algebra import tidy
from symbptt.algebra.evaluate import Array
from symbptt.algebra.nodes import Elementwise
from symbptt.diagnose.displaced import Numbered
from symbptt.diagnose.hypotheses.chunks.places import cause, groups
from symbptt.diagnose.hypotheses.chunks.variants import Variants
from symbptt.diagnose.mutant import Mutant, swapped, valued
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass


class OfToken(Numbered):
    """The row of one token in every row, of each head; behind its number stands that of the tokens."""

    mark = "token"

    def taken(self, value: Array) -> Array:
        heads = value.reshape(*value.shape[:-2], -1, int(self.args[5]), value.shape[-1])
        return np.broadcast_to(heads[..., self.number : self.number + 1, :], heads.shape).reshape(value.shape)


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """A factor e^r or e^{−r} in summands with a row for each token, and in queries and keys that have a decay in them."""
    known = Variants(backward.model, point.padding)
    size = backward.model[point.padding].rows
    length = point.values.size(size)
    for sums, gates in known.sums.items():
        yield from _other_exponents(backward, sums, gates, size)
        inside = [s for s in known.known if s.shape == sums.shape and s in known.products and s not in known.sums.values()]
        for token in dict.fromkeys((0, length // 2, (length - 1) // 2, length - 1)):
            for sign in (1, -1):
                extra = Elementwise("exp", tidy.scale(sign, OfToken(sums, token, length)))
                yield from _in_summands(backward, sums, extra, token, sign)
                for symbol in inside:
                    for routes in groups(r for r in backward.routes if symbol in r.reads):
                        made = cause("anchor-wrong", backward, routes, extra, symbol, **_said(sums, token, sign))
                        yield Mutant((made,), swapped(routes, {symbol: tidy.hadamard(extra, symbol)}))


def _other_exponents(backward: BackwardPass, sums: sp.MatrixSymbol, gates: MatrixExpr, size: sp.Expr) -> Iterator[Mutant]:
    """Summands that meet one decay later on, as those of queries with a decay in them do, and should meet another."""
    total = tidy.mul(OneMatrix(size, size), gates) if sums.shape[0] == size else _of_heads(gates, size)
    rest = tidy.add(total, tidy.scale(-1, sums))
    nothing = sp.ZeroMatrix(*sums.shape)
    exponents = {"border-decay": (nothing, sums, rest), "cumsum-wrong": (sums, tidy.add(sums, tidy.scale(-1, gates)))}
    for routes in groups(r for r in backward.routes if r.value.shape == sums.shape and not r.external):
        for name, choices in exponents.items():
            for right, wrong in permutations(choices, 2):
                extra = Elementwise("exp", tidy.add(wrong, tidy.scale(-1, right)))
                shown = (Elementwise("exp", e) if e != nothing else tidy.ONE for e in (wrong, right))
                made = cause(name, backward, routes, *shown)
                yield Mutant((made,), valued(routes, lambda value, extra=extra: tidy.hadamard(extra, value)))  # type: ignore[misc]


def _of_heads(gates: MatrixExpr, size: sp.Expr) -> MatrixExpr:
    """The sum over the tokens of each head, in all its rows."""
    heads = sp.expand(gates.shape[0] / size)
    return of.spread(of.summed(gates, heads, columns=False), size, gates.shape[1], heads)


def _in_summands(backward: BackwardPass, sums: sp.MatrixSymbol, extra: MatrixExpr, token: int, sign: int) -> Iterator[Mutant]:
    for routes in groups(r for r in backward.routes if r.value.shape == sums.shape and not r.external):
        made = cause("anchor-wrong", backward, routes, extra, extra, **_said(sums, token, sign))
        yield Mutant((made,), valued(routes, lambda value: tidy.hadamard(extra, value)))


def _said(sums: sp.MatrixSymbol, token: int, sign: int) -> dict[str, str]:
    return {"factor": f"exp({'−' * (sign < 0)}r)", "anchor": f"the row of token {token + 1} of {sums.name}"}
