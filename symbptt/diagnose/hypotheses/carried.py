"""Mistakes that concern what came from the step after alone: code that treats the last step, or the loss, apart from the rest.

In δ_a = f′(a) ⊙ (g + carry) the two parts meet one factor. Code that writes the recursion for δ_a itself has the factor twice,
for the loss and for the carry, and one of the two may be wrong while the terms (t, t) are right.
"""

from collections.abc import Iterator
from dataclasses import replace

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME, Slope, SlopeByResult
from symbptt.algebra.related import Adjoint
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.hypotheses.product import others
from symbptt.diagnose.linear import has_adjoint
from symbptt.diagnose.mutant import Mutant
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass, Route
from symbptt.model.values import Variable


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """For each state whose adjoint is passed on through elementwise factors: one factor wrong, for the carry alone."""
    for state in backward.model.states if point.T > 1 else ():
        readers = [r for r in backward.routes if r.through == state]
        carries = backward.into(state.name, lagged=True)
        if carries and readers and all(_passes(r, state) for r in readers):
            for reader in readers:
                yield from _reader(backward, state, readers, reader)


def _passes(route: Route, state: Variable) -> bool:
    """Whether a route hands the adjoint of a state on within a step, factor by factor."""
    delta = Adjoint(state.at())
    return not route.is_leaf and not route.lagged and (
        route.value == delta or (isinstance(route.value, sp.HadamardProduct) and delta in route.value.args)
    )


def _reader(backward: BackwardPass, state: Variable, readers: list[Route], reader: Route) -> Iterator[Mutant]:
    factors = reader.value.args if isinstance(reader.value, sp.HadamardProduct) else ()
    for factor in (f for f in factors if not has_adjoint(f)):
        before = factor.xreplace({TIME: TIME - 1})
        slope = isinstance(factor, (Slope, SlopeByResult))
        values = [v for x in others(backward, factor) for v in (x, x.xreplace({TIME: TIME - 1}))]
        for wrong in dict.fromkeys([OneMatrix(*factor.shape), factor, *values]):
            if wrong != before:
                yield _mutant(backward, state, readers, reader, factor, wrong, slope)


def _mutant(
    backward: BackwardPass, state: Variable, readers: list[Route], reader: Route,
    factor: MatrixExpr, wrong: MatrixExpr, slope: bool
) -> Mutant:
    """The carry goes past the state to what reads it, and meets another factor on the way to one of its readers."""
    delta = Adjoint(state.at())
    routes: list[Route] = []
    for carry in backward.into(state.name, lagged=True):
        for q in readers:
            kept = [f for f in (q.value.args if isinstance(q.value, sp.HadamardProduct) else (q.value,)) if f != delta]
            passed = [wrong if q is reader and f == factor else f.xreplace({TIME: TIME - 1}) for f in kept]
            place = -1000 - len(readers) * carry.place - readers.index(q)
            routes.append(Route(q.target, True, carry.through, tidy.hadamard(*passed, carry.value), False, q.number, place))
    cause = _cause(backward, state, reader, factor, wrong, slope)

    def edit(p: BackwardPass) -> BackwardPass:
        return replace(p, cut=p.cut | {state.name}, routes=(*p.routes, *routes))

    return Mutant((cause,), edit)


def _cause(backward: BackwardPass, state: Variable, reader: Route, factor: MatrixExpr, wrong: MatrixExpr, slope: bool) -> Cause:
    model = backward.model
    right = words.text(factor.xreplace({TIME: TIME - 1}), model)
    place = f"the part of {words.text(Adjoint(reader.target.at(TIME - 1)), model)} that comes from step t"
    summand = f"{right} ⊙ the carry to {words.text(Adjoint(state.at(TIME - 1)), model)}"
    shown = {"place": place, "right_factor": right, "right": summand, "wrong": words.text(wrong, model),
             "factor": right, "slope": right}
    name = "factor-wrong"
    if isinstance(wrong, OneMatrix):
        name = "slope-missing" if slope else "factor-missing"
    elif wrong == factor:
        name, shown["right"] = "off-by-one", right
    return Cause(name, state.name, reader.target.name, reader.number, tuple(shown.items()), True)
