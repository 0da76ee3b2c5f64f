"""The adjoint of another value in the place of the right one, and gradients that stop on their way to a parameter."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.related import Adjoint
from symbptt.algebra.tidy import ONE
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.mutant import Mutant, only, swapped
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass, Route
from symbptt.model.values import Role, Variable


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """Another adjoint in one summand or in all gradients of a value, and gradients by what a parameter is turned into."""
    for variable in backward.order:
        readers = [r for r in backward.routes if r.through == variable and not r.external]
        leaves = [r for r in readers if r.is_leaf]
        groups = [*([r] for r in readers), *([leaves] if len(leaves) > 1 else [])]
        for other in backward.order:
            if other != variable and other.at().shape == variable.at().shape:
                yield from (_mutant(backward, variable, other, g) for g in groups if all(_known(backward, other, r) for r in g))
    for parameter in backward.model.parameters:
        yield from _parametrised(backward, parameter)


def _known(backward: BackwardPass, variable: Variable, route: Route) -> bool:
    """Whether the adjoint of a value is computed before that of a route's end."""
    return route.is_leaf or route.lagged or backward.order.index(variable) < backward.order.index(route.target)


def _mutant(backward: BackwardPass, variable: Variable, other: Variable, routes: Sequence[Route]) -> Mutant:
    model, right, wrong = backward.model, Adjoint(variable.at()), Adjoint(other.at())
    shown = (("place", words.places(routes, model)), ("wrong", words.text(wrong, model)),
             ("right_factor", words.text(right, model)), ("right", words.right_side(routes, model)))
    state = routes[0].target.name if routes[0].lagged else None
    cause = Cause("factor-wrong", state, routes[0].target.name, routes[0].number, shown, routes[0].lagged)
    return Mutant((cause,), swapped(routes, {right: wrong}))


def _parametrised(backward: BackwardPass, parameter: Variable) -> Iterator[Mutant]:
    """The gradient by exp(θ), or whatever a parameter is turned into before it is used, given as that by θ."""
    uses = backward.into(parameter.name)
    if len(uses) != 1 or uses[0].external:
        return
    way, slopes = uses[0], _slopes(uses[0])
    while (value := way.through).role is Role.LOCAL and _made_of(backward, value, parameter):
        if value.at().shape == parameter.at().shape and slopes:
            name, slope = words.value(value, backward.model), " ⊙ ".join(words.text(s, backward.model) for s in slopes)
            place = f"d{parameter.name}, which is the gradient by {name} (equation {uses[0].number})"
            cause = Cause("slope-missing", None, parameter.name, uses[0].number, (("place", place), ("slope", slope)))
            yield Mutant((cause,), only(uses, lambda r, v=value: (_ending(r, v),)))  # type: ignore[misc]
        onward = backward.into(value.name)
        if len(onward) != 1 or onward[0].external or onward[0].lagged:
            return
        way = onward[0]
        slopes += _slopes(way)


def _slopes(route: Route) -> list[MatrixExpr]:
    """The factors of an elementwise route, a sign with the first one."""
    number, parts = tidy.split_number(route.value)
    whole = parts[0].args if isinstance(parts[0], sp.HadamardProduct) else parts
    found = [f for f in whole if f != Adjoint(route.through.at())]
    return [tidy.scale(number, found[0]), *found[1:]] if found else [] if number == 1 else [tidy.scale(number, ONE)]


def _ending(route: Route, through: Variable) -> Route:
    """The route with the adjoint of another value, and nothing else."""
    return replace(route, through=through, value=Adjoint(through.at()))


def _made_of(backward: BackwardPass, value: Variable, parameter: Variable) -> bool:
    """Whether a value depends on nothing but one parameter."""
    equation = next(e.value for e in backward.model.all_equations if e.target == value)
    for leaf in equation.atoms(sp.MatrixSymbol):
        reads = next((v for v in backward.model.variables if v.at() == leaf), None)
        if reads is None or (reads != parameter and not (reads.role is Role.LOCAL and _made_of(backward, reads, parameter))):
            return False
    return True
