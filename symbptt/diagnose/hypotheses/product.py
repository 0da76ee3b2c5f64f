"""Mistakes in the factors of a summand: missing, another value's, not transposed."""

from collections.abc import Iterator
from itertools import pairwise

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME, Broadcast, Slope, SlopeByResult, Timed, is_leaf
from symbptt.algebra.related import Related
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.linear import has_adjoint
from symbptt.diagnose.mutant import Mutant, swapped
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass, Route
from symbptt.model.values import Role


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """Every elementwise and every matrix product of a route."""
    for route in backward.routes:
        yield from (_missing(backward, route, f) for f in weights(backward, route))
        if route.external:
            continue
        _, factors = tidy.split_number(route.value)
        if len(factors) > 1:
            yield from _matrices(backward, point, route, factors)
        for node in sorted(route.value.atoms(sp.HadamardProduct), key=str):
            if has_adjoint(node):
                yield from _elementwise(backward, route, node)
        for summand in route.value.args if isinstance(route.value, sp.MatAdd) else ():
            rest = tidy.add(*(a for a in route.value.args if a is not summand))
            cause = _cause("route-missing", backward, route, summand=words.text(summand, backward.model))
            yield Mutant((cause,), swapped([route], {route.value: rest}))
            yield from _row_missing(backward, route, summand)
    yield from _all_transposed(backward, point)


def _cause(name: str, backward: BackwardPass, route: Route, **shown: str) -> Cause:
    model = backward.model
    shown = {"place": words.place(route, model), "right": words.text(route.value, model), **shown}
    state = route.target.name if route.lagged else None
    return Cause(name, state, route.target.name, route.number, tuple(shown.items()), route.lagged)


def weights(backward: BackwardPass, route: Route) -> list[MatrixExpr]:
    """The inputs that the loss has as factors, as a mask is one."""
    _, factors = tidy.split_number(route.value)
    inputs = [v.at() for v in backward.model.of(Role.INPUT)]
    return [f for f in factors if route.external and f in inputs]


def others(backward: BackwardPass, like: MatrixExpr) -> list[MatrixExpr]:
    """The values of a step, and of the step before, that could stand in the place of another of their shape."""
    fitting = [v for v in backward.model.of(Role.STATE, Role.LOCAL, Role.INPUT) if v.at().shape == like.shape and not v.classes]
    if isinstance(like, Broadcast):
        return [Broadcast(other, *like.args[1:]) for other in others(backward, like.args[0])]
    return [v.at() for v in fitting] + [v.at(TIME - 1) for v in fitting if v.role is Role.STATE]


def _elementwise(backward: BackwardPass, route: Route, node: sp.HadamardProduct) -> Iterator[Mutant]:
    for factor in node.args:
        if has_adjoint(factor):
            continue
        if isinstance(factor, (Slope, SlopeByResult)):  # what else can be wrong with a slope has a family of its own
            yield from (other_factor(backward, route, factor, other) for other in others(backward, factor))
            continue
        yield _missing(backward, route, factor)
        summands = factor.args if isinstance(factor, sp.MatAdd) else ()
        found = [part for s in summands for part in (s, tidy.scale(-1, s)) if part.atoms(sp.MatrixSymbol)]
        found += others(backward, factor) if factor.atoms(Timed) else []
        found.append(tidy.add(OneMatrix(*factor.shape), tidy.scale(-1, factor)))
        for other in dict.fromkeys(found):
            if other != factor:
                yield other_factor(backward, route, factor, other)


def _missing(backward: BackwardPass, route: Route, factor: MatrixExpr) -> Mutant:
    cause = _cause("factor-missing", backward, route, factor=words.text(factor, backward.model))
    return Mutant((cause,), swapped([route], {factor: OneMatrix(*factor.shape)}))


def other_factor(backward: BackwardPass, route: Route, factor: MatrixExpr, other: MatrixExpr) -> Mutant:
    """Another expression in the place of a factor of a summand."""
    model = backward.model
    name = "off-by-one" if is_leaf(factor) and is_leaf(other) and factor.name == other.name else "factor-wrong"
    wrong, right = words.text(other, model), words.text(factor, model)
    if name == "off-by-one":
        shown = (("wrong", wrong), ("right", right), ("place", words.place(route, model)))
        state = factor.name if model[factor.name].role is Role.STATE else None
        cause = Cause(name, state, factor.name, route.number, shown, route.lagged, route.target.name)
        return Mutant((cause,), swapped([route], {factor: other}))
    return Mutant((_cause(name, backward, route, wrong=wrong, right_factor=right),), swapped([route], {factor: other}))


def _row_missing(backward: BackwardPass, route: Route, summand: MatrixExpr) -> Iterator[Mutant]:
    """A plain sum of the adjoint for one weighed by a value, as in the Jacobian of a softmax."""
    number, factors = tidy.split_number(summand)
    for factor in factors:
        if isinstance(factor, sp.Transpose) and isinstance(factor.arg, Timed) and not has_adjoint(factor):
            ones = (OneMatrix(*f.shape) if f is factor else f for f in factors)
            cause = _cause("factor-missing", backward, route, factor=words.text(factor, backward.model))
            yield Mutant((cause,), swapped([route], {summand: tidy.scale(number, sp.MatMul(*ones))}))


def _square(expression: MatrixExpr, point: Point) -> bool:
    return point.values.size(expression.shape[0]) == point.values.size(expression.shape[1]) > 1


def _matrices(backward: BackwardPass, point: Point, route: Route, factors: tuple[MatrixExpr, ...]) -> Iterator[Mutant]:
    model = backward.model
    if route.is_leaf and len(factors) == 2:
        yield from _outer(backward, point, route, factors)
    yield from _orders(backward, point, route, factors)
    for factor in factors:
        bare = factor.arg if isinstance(factor, sp.Transpose) else factor
        other = bare if isinstance(factor, sp.Transpose) else tidy.transpose(bare)
        if is_leaf(bare) and _square(bare, point):
            wrong = words.text(route.value.xreplace({factor: other}), model)
            yield Mutant((_cause("transpose-missing", backward, route, wrong=wrong),), swapped([route], {factor: other}))
        if has_adjoint(factor) or not is_leaf(bare) or isinstance(bare, Timed):
            continue
        if _square(bare, point):
            rest = tidy.mul(*(f for f in factors if f is not factor))
            cause = _cause("factor-missing", backward, route, factor=words.text(factor, model))
            yield Mutant((cause,), swapped([route], {route.value: rest}))
        for variable in model.parameters:
            if variable.tied and variable.at() != bare and variable.at().shape == bare.shape:
                yield other_factor(backward, route, bare, variable.at())


def _orders(backward: BackwardPass, point: Point, route: Route, factors: tuple[MatrixExpr, ...]) -> Iterator[Mutant]:
    """Two neighbours exchanged, where the shapes still fit."""
    number, _ = tidy.split_number(route.value)
    for i in range(len(factors) - 1):
        turned = (*factors[:i], factors[i + 1], factors[i], *factors[i + 2:])
        sizes = [tuple(map(point.values.size, f.shape)) for f in turned]
        fits = all(a[1] == b[0] for a, b in pairwise(sizes))
        if fits and (sizes[0][0], sizes[-1][1]) == tuple(map(point.values.size, route.value.shape)):
            wrong = tidy.scale(number, sp.MatMul(*turned))
            cause = _cause("order-wrong", backward, route, wrong=words.text(wrong, backward.model))
            yield Mutant((cause,), swapped([route], {route.value: wrong}))


def _outer(backward: BackwardPass, point: Point, route: Route, factors: tuple[MatrixExpr, ...]) -> Iterator[Mutant]:
    """The outer product of an adjoint and a value: turned round, or with another value."""
    model = backward.model
    if _square(route.value, point):
        turned = tidy.transpose(route.value)
        cause = _cause("transpose-missing", backward, route, wrong=words.text(turned, model))
        yield Mutant((cause,), swapped([route], {route.value: turned}))
    for factor in factors:
        if has_adjoint(factor):
            continue
        bare = factor.arg if isinstance(factor, sp.Transpose) else factor
        if is_leaf(bare):
            yield from (other_factor(backward, route, bare, other) for other in others(backward, bare) if other != bare)


def _all_transposed(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """The same transpose missing in every carry."""
    rules: dict[MatrixExpr, MatrixExpr] = {}
    routes = [r for r in backward.routes if r.lagged and not r.external]
    for route in routes:
        for node in route.value.atoms(sp.Transpose):
            if is_leaf(node.arg) and not isinstance(node.arg, Timed) and _square(node.arg, point):
                rules[node] = node.arg
    if len(rules) > 1:
        wrong = words.right_side((r.having(r.value.xreplace(rules)) for r in routes), backward.model)
        right = words.right_side(routes, backward.model)
        shown = (("place", words.place(routes[0], backward.model)), ("wrong", wrong), ("right", right))
        cause = Cause("transpose-missing", routes[0].target.name, "", routes[0].number, shown, True)
        yield Mutant((cause,), swapped(routes, rules))


def replaced(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """Any value or weight that a route reads, wherever it stands, in the place of another of its shape."""
    for route in backward.routes:
        for read in sorted(route.value.atoms(sp.MatrixSymbol), key=str):
            if not isinstance(read, Related) and backward.model[read.name].tied:
                yield from (other_factor(backward, route, read, wrong) for wrong in _instead(backward, read) if wrong != read)


def _instead(backward: BackwardPass, read: MatrixExpr) -> Iterator[MatrixExpr]:
    """Others of its shape; of a value without a name of its own also what it would be with another value inside."""
    yield from _alike(backward, read)
    definition = backward.model[read.name].definition
    if definition is not None and read == backward.model[read.name].at():
        for inner in sorted(definition.atoms(sp.MatrixSymbol), key=str):
            yield from (definition.xreplace({inner: other}) for other in _alike(backward, inner) if other != inner)


def _alike(backward: BackwardPass, read: MatrixExpr) -> list[MatrixExpr]:
    if isinstance(read, Timed):
        return others(backward, read)
    return [v.at() for v in backward.model.parameters if v.tied and v.at().shape == read.shape]
