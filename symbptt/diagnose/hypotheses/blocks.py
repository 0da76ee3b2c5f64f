"""Mistakes at the borders of blocks, in code that computes some steps at a time and hands a carry from block to block."""

from collections.abc import Iterator, Sequence

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix, ZeroMatrix

from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.displaced import Border
from symbptt.diagnose.linear import has_adjoint
from symbptt.diagnose.mutant import Mutant, changed
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass, Route

LONGEST = 16
"""With more steps blocks are not looked for."""


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """What crosses a border dropped, with a factor missing, twice or of another step, or with another sign."""
    for size in sizes(point):
        for state in backward.model.states:
            carries = backward.into(state.name, lagged=True)
            if carries:
                kept = f"the carry of {state.name} inside blocks of {size} steps"
                nothing = {r: ZeroMatrix(*r.value.shape) for r in carries}
                yield _mutant(size, carries, nothing, "truncated", state.name, kept=kept)
            for route in carries:
                yield from _route(backward, size, route)


def sizes(point: Point) -> range:
    """The sizes of blocks that have a border between them."""
    return range(2, point.T) if point.T <= LONGEST else range(0)


def at_borders(value: MatrixExpr, wrong: MatrixExpr, size: int) -> MatrixExpr:
    """A value that is another one at the borders of blocks."""
    there = Border(size, *value.shape)
    return tidy.add(value, tidy.hadamard(there, wrong), tidy.scale(-1, tidy.hadamard(there, value)))


def _mutant(size: int, routes: Sequence[Route], values: dict[Route, MatrixExpr], name: str, state: str, **shown: str) -> Mutant:
    cause = Cause(name, state, state, routes[0].number, tuple(shown.items()), True)
    edits = {r.place: lambda v, w=values[r]: at_borders(v, w, size) for r in routes}
    return Mutant((cause,), changed(edits))


def _route(backward: BackwardPass, size: int, route: Route) -> Iterator[Mutant]:
    model, state = backward.model, route.target.name
    place = f"{words.place(route, model)}, between blocks of {size} steps,"
    right = words.text(route.value, model)
    what = f"the summand {right} of {place[:-1]}"
    yield _mutant(size, [route], {route: tidy.scale(-1, route.value)}, "sign-flipped", state, what=what,
                  fix="It enters with the sign that it has inside a block.")
    yield _mutant(size, [route], {route: tidy.scale(2, route.value)}, "counted-twice", state, what=what)
    for factor in _factors(route.value):
        text = words.text(factor, model)
        one = route.value.xreplace({factor: OneMatrix(*factor.shape)})
        yield _mutant(size, [route], {route: one}, "factor-missing", state, place=place, factor=text, right=right)
        twice = tidy.hadamard(factor, route.value) if factor.shape == route.value.shape else None
        if twice is not None:
            yield _mutant(size, [route], {route: twice}, "factor-wrong", state, place=place, right=right,
                          wrong=f"the square of {text}", right_factor=text)
        for offset in (1, -1):
            moved = factor.xreplace({TIME: TIME + offset})
            if moved != factor:
                yield _mutant(size, [route], {route: route.value.xreplace({factor: moved})}, "off-by-one", state,
                              place=place, wrong=words.text(moved, model), right=text)


def _factors(value: MatrixExpr) -> list[MatrixExpr]:
    """The elementwise factors that are no adjoints."""
    products = sorted(value.atoms(sp.HadamardProduct), key=str)
    return list(dict.fromkeys(f for p in products if has_adjoint(p) for f in p.args if not has_adjoint(f)))
