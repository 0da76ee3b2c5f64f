"""Pairs of states that a step turns, as real and imaginary parts: backwards the angle has the other sign."""

from collections.abc import Iterator
from itertools import combinations

from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME, Timed
from symbptt.algebra.related import Adjoint
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.mutant import Mutant, valued
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass, Route


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """The sign of both cross terms of a rotation, for each pair of states and for all."""
    found = [pair for pair in combinations((r for r in backward.routes if r.lagged), 2) if _turning(*pair)]
    for pairs in [*([pair] for pair in found), *([found] if len(found) > 1 else [])]:
        yield _mutant(backward, pairs)


def _turning(one: Route, other: Route) -> bool:
    """Whether two carries are the cross terms of a rotation: one factor, two signs, from each state to the other."""
    apart = one.target != other.target and one.through != other.through
    return apart and tidy.scale(-1, _bare(one)) == _bare(other)


def _bare(route: Route) -> MatrixExpr:
    """The value of a route with the same symbol for whatever adjoint it reads."""
    delta = Adjoint(route.through.at())
    return route.value.xreplace({delta: Adjoint(Timed("", delta.rows, delta.cols, TIME))})


def _mutant(backward: BackwardPass, pairs: list[tuple[Route, Route]]) -> Mutant:
    model = backward.model
    routes = list(dict.fromkeys(route for pair in pairs for route in pair))
    summands = " and ".join(words.text(r.value, model) for r in routes[:2])
    states = " and ".join(dict.fromkeys(r.target.name for r in routes))
    what = f"in the carries to {states} the sine, or imaginary part, as in {summands},"
    fix = "The way back turns the other way: it takes the transposed rotation, the conjugate of the complex factor."
    cause = Cause("sign-flipped", routes[0].target.name, routes[0].target.name, routes[0].number,
                  (("what", what), ("fix", fix)), True)
    return Mutant((cause,), valued(routes, lambda v: tidy.scale(-1, v)))
