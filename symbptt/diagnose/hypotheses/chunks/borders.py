"""What crosses the border of a chunk: the decay of its adjoint, a carry that is added twice, the cotangent of the final state."""

from collections.abc import Iterator

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import ZeroMatrix

from symbptt.algebra import tidy
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


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """For each state what may go wrong where it passes from chunk to chunk."""
    for state in backward.model.states:
        yield from _undecayed(backward, point, state)
        yield from _twice(backward, state)
        yield from _final(backward, point, state)


def decayed(backward: BackwardPass, state: Variable) -> Iterator[tuple[Adjoint, Adjoint]]:
    """The adjoints that are a state's times a decay, each with the state's."""
    whole = Adjoint(state.at())
    for route in backward.routes:
        alone = len(backward.into(route.target.name)) == 1 and not route.is_leaf and not route.lagged
        grown = isinstance(route.value, sp.HadamardProduct) and whole in route.value.args
        if route.through == state and alone and grown and route.target.at().shape == whole.shape:
            yield Adjoint(route.target.at()), whole


def _undecayed(backward: BackwardPass, point: Point, state: Variable) -> Iterator[Mutant]:
    """A state's adjoint without its decay, alone and together with keys without theirs."""
    known = Variants(backward.model, point.padding)
    for right, wrong in decayed(backward, state):
        readers = [r for r in backward.routes if right in r.reads]
        for routes in groups(readers):
            made = cause("border-decay", backward, routes, wrong, right)
            bare = Mutant((made,), swapped(routes, {right: wrong}))
            yield bare
            yield Mutant((made,), valued(routes, lambda value, r=right, w=wrong: _again(value, r, w)))  # type: ignore[misc]
            for variant in {v: None for r in routes for v in known.of(r.value) if v.name == "border-decay"}:
                both = swapped(routes, {right: wrong, **variant.rules})
                yield Mutant((cause("border-decay", backward, routes, tidy.ONE, variant.right),), both)


def _again(value: MatrixExpr, right: MatrixExpr, wrong: MatrixExpr) -> MatrixExpr:
    """Both, where one of them belongs."""
    return tidy.add(value, value.xreplace({right: wrong}))


def _twice(backward: BackwardPass, state: Variable) -> Iterator[Mutant]:
    """The whole carry twice; once more where it leaves the sequence, and what the state gives itself twice."""
    carries = backward.into(state.name, lagged=True)
    own = [r for r in carries if r.through == state or any(r.value.has(a) for a, _ in decayed(backward, state))]
    for routes in dict.fromkeys(map(tuple, (carries, own))):
        if routes:
            what = f"the carry to {words.text(Adjoint(state.at()), backward.model)} from the chunk after it"
            said = Cause("counted-twice", state.name, state.name, routes[0].number, (("what", what),), True)
            yield Mutant((said,), valued(routes, lambda value: tidy.scale(2, value)))


def _final(backward: BackwardPass, point: Point, state: Variable) -> Iterator[Mutant]:
    """The cotangent of the final state left out, altogether or on one of its ways."""
    outside = [r for r in backward.into(state.name) if r.external]
    if not outside:
        return
    yield Mutant((_lost(backward, state, outside[0].number, ""),), dropped(outside))
    for right in (Adjoint(state.at()), *(a for a, _ in decayed(backward, state))):
        for routes in groups(r for r in backward.routes if right in r.reads and not r.external):
            lost = _lost(backward, state, routes[0].number, f" in {words.places(routes, backward.model)}")
            yield Mutant((lost,), at_last(routes, point))
            for symbol, rest in _beside(backward, state).items() if point.T > 1 else ():
                # What it gives through the state before alone, where that stands in a sum.
                if any(symbol in r.reads for r in routes):
                    edits = {r.place: lambda v, s=symbol, o=rest: at_borders(v, v.xreplace({s: o}), point.T - 1) for r in routes}
                    yield Mutant((lost,), changed(edits))


def _beside(backward: BackwardPass, state: Variable) -> dict[MatrixExpr, MatrixExpr]:
    """The sums with the state before in them, each without it."""
    before = state.at(TIME - 1)
    equations = backward.model.equations
    found = {e.target.at(): e.value for e in equations if isinstance(e.value, sp.MatAdd) and before in e.value.args}
    return {symbol: tidy.add(*(a for a in value.args if a != before)) for symbol, value in found.items()}


def at_last(routes: tuple[Route, ...], point: Point) -> Edit:
    """Leave these routes out in the last chunk."""
    if point.T < 2:
        return dropped(routes)
    return changed({r.place: lambda value: at_borders(value, ZeroMatrix(*value.shape), point.T - 1) for r in routes})


def _lost(backward: BackwardPass, state: Variable, number: int, where: str) -> Cause:
    right = words.text(backward.into(state.name)[0].value, backward.model)
    shown = (("state", words.value(state, backward.model)), ("where", where), ("right", right))
    return Cause("final-cotangent-dropped", state.name, state.name, number, shown)


