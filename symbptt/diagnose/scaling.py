"""A part of the backward pass multiplied by some constant: the constant is found from the numbers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from symbptt.algebra import tidy
from symbptt.algebra.evaluate import Array
from symbptt.diagnose import factors, words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.hypotheses.blocks import at_borders, sizes
from symbptt.diagnose.mutant import Edit, Mutant, valued
from symbptt.diagnose.routes import Route
from symbptt.diagnose.search import Hypothesis, Problem, Singles
from symbptt.diagnose.two_mistakes import DIGITS

_ROUNDS = 12
_STEP = 1e-6
_FEW = 3
"""Fewer numbers fit some constant by chance."""


@dataclass(frozen=True)
class _Part:
    """What may have been multiplied: the edit and the cause for a constant."""

    edit: Callable[[float], Edit]
    cause: Callable[[str], Cause]


def singles(all_of: Singles) -> list[Hypothesis]:
    """The parts that, multiplied by one constant each, give all numbers."""
    problem = all_of.problem
    if problem.matcher.digits < DIGITS:
        return []
    right = problem.matcher.equal(problem.matcher.truth)
    found = (_fitted(problem, part, right) for part in _parts(problem))
    return [h for h in found if h is not None]


def _parts(problem: Problem) -> Iterator[_Part]:
    backward, point = problem.case.backward, problem.case.point
    states = [s for s in backward.model.states if backward.into(s.name, lagged=True)]
    carries = [(f"The carry to the adjoint of {s.name}", backward.into(s.name, lagged=True)) for s in states]
    if len(states) > 1:
        carries.append(("Every carry", tuple(r for s in states for r in backward.into(s.name, lagged=True))))
    for what, routes in carries if point.T > 1 else ():
        yield _part(what, routes)
        for size in sizes(point):
            yield _part(f"{what}, between blocks of {size} steps,", routes, size)
    losses = [r for r in backward.routes if r.external and not r.is_leaf]
    if losses:
        yield _part("What comes from the loss", losses)
    for route in backward.routes:
        if len(backward.into(route.target.name, route.lagged)) > 1 or not route.is_leaf:
            summand, place = words.text(route.value, backward.model), words.place(route, backward.model)
            yield _part(f"The summand {summand} of {place}", (route,))


def _part(what: str, routes: Sequence[Route], size: int = 0) -> _Part:
    def edit(c: float) -> Edit:
        if size:
            return valued(routes, lambda v: at_borders(v, tidy.scale(c, v), size))
        return valued(routes, lambda v: tidy.scale(c, v))

    def cause(number: str) -> Cause:
        first, shown = routes[0], (("what", what), ("value", number))
        return Cause("factor", first.target.name if first.lagged else None, first.target.name, first.number, shown, first.lagged)

    return _Part(edit, cause)


def _fitted(problem: Problem, part: _Part, right: Array) -> Hypothesis | None:
    """The hypothesis with the constant that fits best, by Newton's method, if it gives all numbers."""
    matcher = problem.matcher

    def vector(c: float) -> Array:
        return problem.vector(Mutant((part.cause(""),), part.edit(c)))

    # What this part does not reach must be right already, and what is wrong must be reached.
    touched = matcher.changed(vector(1.5))
    if (touched | right).all() and touched[matcher.owner].sum() >= _FEW:
        c = 1.0
        for _ in range(_ROUNDS):
            here = vector(c)
            slope = (vector(c + _STEP) - here) / _STEP / matcher.sizes
            apart = (matcher.values - here) / matcher.sizes
            square = float(slope @ slope)
            move = float(slope @ apart) / square if square > 0 else 0.0
            if not np.isfinite(move) or abs(c + move) > 1e6:
                return None
            c += move
            if abs(move) < 1e-12 * max(1.0, abs(c)):
                break
        shown = factors.simple(c, {}) or f"{c:.8g}"
        made = Mutant((part.cause(shown),), part.edit(c))
        if matcher.equal(problem.vector(made)).all():
            names = [g.name for g in matcher.givens]
            effects = frozenset(n for n, t in zip(names, touched, strict=True) if t)
            return Hypothesis((made,), frozenset(names), (effects,))
    return None
