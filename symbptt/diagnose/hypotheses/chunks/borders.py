"""What crosses the border of a chunk: the decay of its adjoint, a carry that is added twice, the cotangent of the final state."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import ZeroMatrix

from symbptt.algebra import build
from symbptt.algebra.nodes import TIME
from symbptt.algebra.related import Adjoint
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.hypotheses.blocks import at_borders
from symbptt.diagnose.hypotheses.chunks.places import cause, groups
from symbptt.diagnose.hypotheses.chunks.variants import Variants
from symbptt.diagnose.mutant import Edit, Mutant, changed, dropped, swapped, valued
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass, Route
from symbptt.model.values import Variable


def mutants(program: BackwardPass, point: Point) -> Iterator[Mutant]:
    """For each state what may go wrong where it passes from chunk to chunk."""
    for state in program.model.states:
        yield from _undecayed(program, point, state)
        yield from _twice(program, state)
        yield from _final(program, point, state)


def decayed(program: BackwardPass, state: Variable) -> Iterator[tuple[Adjoint, Adjoint]]:
    """The adjoints that are a state's times a decay, each with the state's."""
    whole = Adjoint(state.at())
    for route in program.routes:
        alone = len(program.into(route.target.name)) == 1 and not route.is_leaf and not route.lagged
        grown = isinstance(route.value, sp.HadamardProduct) and whole in route.value.args
        if route.through == state and alone and grown and route.target.at().shape == whole.shape:
            yield Adjoint(route.target.at()), whole


def _undecayed(program: BackwardPass, point: Point, state: Variable) -> Iterator[Mutant]:
    """A state's adjoint without its decay, alone and together with keys without theirs."""
    known = Variants(program.model, point.padding)
    for right, wrong in decayed(program, state):
        readers = [r for r in program.routes if right in r.reads]
        for routes in groups(readers):
            made = cause("border-decay", program, routes, wrong, right)
            bare = Mutant((made,), swapped(routes, {right: wrong}))
            yield bare
            yield Mutant((made,), valued(routes, lambda value, r=right, w=wrong: _again(value, r, w)))  # type: ignore[misc]
            for variant in {v: None for r in routes for v in known.of(r.value) if v.name == "border-decay"}:
                both = swapped(routes, {right: wrong, **variant.rules})
                yield Mutant((cause("border-decay", program, routes, build.ONE, variant.right),), both)


def _again(value: MatrixExpr, right: MatrixExpr, wrong: MatrixExpr) -> MatrixExpr:
    """Both, where one of them belongs."""
    return build.add(value, value.xreplace({right: wrong}))


def _twice(program: BackwardPass, state: Variable) -> Iterator[Mutant]:
    """The whole carry twice; once more where it leaves the sequence, and what the state gives itself twice."""
    carries = program.into(state.name, lagged=True)
    own = [r for r in carries if r.through == state or any(r.value.has(a) for a, _ in decayed(program, state))]
    for routes in dict.fromkeys(map(tuple, (carries, own))):
        if routes:
            what = f"the carry to {words.text(Adjoint(state.at()), program.model)} from the chunk after it"
            said = Cause("counted-twice", state.name, state.name, routes[0].number, (("what", what),), True)
            yield Mutant((said,), valued(routes, lambda value: build.scale(2, value)))


def _final(program: BackwardPass, point: Point, state: Variable) -> Iterator[Mutant]:
    """The cotangent of the final state left out, altogether or on one of its ways."""
    outside = [r for r in program.into(state.name) if r.external]
    if not outside:
        return
    yield Mutant((_lost(program, state, outside[0].number, ""),), dropped(outside))
    for right in (Adjoint(state.at()), *(a for a, _ in decayed(program, state))):
        for routes in groups(r for r in program.routes if right in r.reads and not r.external):
            lost = _lost(program, state, routes[0].number, f" in {words.places(routes, program.model)}")
            yield Mutant((lost,), at_last(routes, point))
            for symbol, rest in _beside(program, state).items() if point.T > 1 else ():
                # What it gives through the state before alone, where that stands in a sum.
                if any(symbol in r.reads for r in routes):
                    edits = {r.place: lambda v, s=symbol, o=rest: at_borders(v, v.xreplace({s: o}), point.T - 1) for r in routes}
                    yield Mutant((lost,), changed(edits))


def _beside(program: BackwardPass, state: Variable) -> dict[MatrixExpr, MatrixExpr]:
    """The sums with the state before in them, each without it."""
    before = state.at(TIME - 1)
    found = {e.target.at(): e.value for e in program.model.equations if isinstance(e.value, sp.MatAdd) and before in e.value.args}
    return {symbol: build.add(*(a for a in value.args if a != before)) for symbol, value in found.items()}


def at_last(routes: tuple[Route, ...], point: Point) -> Edit:
    """Leave these routes out in the last chunk."""
    if point.T < 2:
        return dropped(routes)
    return changed({r.place: lambda value: at_borders(value, ZeroMatrix(*value.shape), point.T - 1) for r in routes})


def _lost(program: BackwardPass, state: Variable, number: int, where: str) -> Cause:
    right = words.text(program.into(state.name)[0].value, program.model)
    shown = (("state", words.value(state, program.model)), ("where", where), ("right", right))
    return Cause("final-cotangent-dropped", state.name, state.name, number, shown)


