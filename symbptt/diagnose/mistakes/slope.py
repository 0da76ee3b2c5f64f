"""Mistakes in the slope of an elementwise function: missing, of another function, at another value, after the weights."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import build
from symbptt.algebra.functions import FUNCTIONS
from symbptt.algebra.nodes import TIME, Elementwise, Slope, SlopeByResult, Softmax, Timed
from symbptt.derive.adjoint import NODE, symbol
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.mutant import Mutant, swapped
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import Backward, Route
from symbptt.model.values import Role, Variable

OTHERS = ("tanh", "sigmoid", "relu")
"""Functions whose slopes are tried in the place of another's."""


def mutants(program: Backward, point: Point) -> Iterator[Mutant]:
    """For every slope in the pass, alone and together with its like."""
    sloped = [(route, node) for route in program.routes for node in _slopes(route)]
    for route, node in sloped:
        yield from _missing(program, [(route, node)])
        yield from _wrong(program, route, node)
        yield from _elsewhere(program, route, node)
        yield from _skipped(program, route, node)
    for route in program.routes:
        yield from _softmax(program, route)
    for names in {frozenset([n.name]) for _, n in sloped} | {frozenset(n.name for _, n in sloped)}:
        together = [(r, n) for r, n in sloped if n.name in names]
        if len(together) > 1:
            yield from _missing(program, together)


def _slopes(route: Route) -> list[Elementwise]:
    return sorted((n for n in route.value.atoms(Slope, SlopeByResult)), key=str) if not route.external else []


def _equation(program: Backward, variable: Variable) -> MatrixExpr:
    return next(e.value for e in program.model.all_equations if e.target == variable)


def _cause(name: str, program: Backward, routes: list[Route], node: Elementwise, **shown: str) -> Cause:
    model = program.model
    shown = {"slope": words.text(node, model), "place": words.places(routes, model), "function": node.name, **shown}
    return Cause(name, None, routes[0].target.name, routes[0].number, tuple(shown.items()), routes[0].lagged)


def _missing(program: Backward, sloped: list[tuple[Route, Elementwise]]) -> Iterator[Mutant]:
    routes = [r for r, _ in sloped]
    rules: dict[MatrixExpr, MatrixExpr] = {n: OneMatrix(*n.shape) for _, n in sloped}
    yield Mutant((_cause("slope-missing", program, routes, sloped[0][1]),), swapped(routes, rules))


def _wrong(program: Backward, route: Route, node: Elementwise) -> Iterator[Mutant]:
    """The slope of another function, and the usual misprints of the forms in terms of the result."""
    argument, y = _ends(program, route)
    one = OneMatrix(*node.shape)
    forms: dict[str, MatrixExpr] = {}
    for name in OTHERS:
        if name == node.name:
            continue
        by_result = FUNCTIONS[name].by_result is not None
        forms[f"that of {name}"] = SlopeByResult(name, y) if by_result else Slope(name, argument)
        if by_result:
            forms[f"that of {name} at the argument"] = Slope(name, argument)
    square = build.hadamard(y, y)
    minus = build.scale(-1, y)
    letter = words.text(y, program.model)
    forms |= {
        f"1 − {letter}": build.add(one, minus),
        f"{letter}": y,
        f"{letter}²": square,
        f"1 + {letter}²": build.add(one, square),
        f"{letter}(1 + {letter})": build.add(y, square),
        f"(1 − {letter})²": build.hadamard(build.add(one, minus), build.add(one, minus)),
        "the slope enters twice": build.hadamard(node, node),
    }
    for wrong, form in forms.items():
        yield Mutant((_cause("slope-wrong", program, [route], node, wrong=wrong),), swapped([route], {node: form}))


def _softmax(program: Backward, route: Route) -> Iterator[Mutant]:
    """The Jacobian diag(p) − p pᵀ of a softmax inside the model: its diagonal alone, or without p pᵀ."""
    if route.external or not isinstance(_equation(program, route.through), Softmax):
        return
    p, delta = route.through.at(), symbol(NODE, route.through, TIME)
    letter, right = words.text(p, program.model), words.text(route.value, program.model)
    for wrong, form in (
        (f"{letter} ⊙ (𝟏 − {letter}), the diagonal of its Jacobian alone",
         build.hadamard(delta, p, build.add(OneMatrix(*p.shape), build.scale(-1, p)))),
        (f"{letter} alone", build.hadamard(delta, p)),
    ):
        shown = (("place", words.place(route, program.model)), ("wrong", wrong), ("function", "softmax"), ("slope", right))
        cause = Cause("slope-wrong", None, route.target.name, route.number, shown)
        yield Mutant((cause,), swapped([route], {route.value: form}))


def _ends(program: Backward, route: Route) -> tuple[MatrixExpr, MatrixExpr]:
    """The argument and the result of the function that a route passes."""
    value = _equation(program, route.through)
    argument = value.operand if isinstance(value, Elementwise) else route.target.at()
    return argument, route.through.at()


def _elsewhere(program: Backward, route: Route, node: Elementwise) -> Iterator[Mutant]:
    """The slope at another value: of the argument where the result belongs, or of any value of the same shape."""
    argument, y = _ends(program, route)
    has_result = FUNCTIONS[node.name].by_result is not None
    others = [v for v in program.model.of(Role.STATE, Role.LOCAL) if v.at().shape == node.shape]
    at = [v.at() for v in others] + [v.at(TIME - 1) for v in others if v.role is Role.STATE]
    at += [argument] if argument not in at else []
    forms: list[MatrixExpr] = [Slope(node.name, *node.numbers, x) for x in at if x != argument]
    if has_result:
        forms += [SlopeByResult(node.name, *node.numbers, x) for x in at if x != y]
    for form in sorted(forms, key=lambda f: f.operand not in (argument, y)):
        if form != node:
            wrong = words.text(form, program.model)
            if isinstance(form, Slope):
                wrong = f"{node.name}′({words.text(form.operand, program.model)})"
            yield Mutant((_cause("slope-argument", program, [route], node, wrong=wrong),), swapped([route], {node: form}))


def _skipped(program: Backward, route: Route, node: Elementwise) -> Iterator[Mutant]:
    """The slope left out, or applied after the weights, on the way from a pre-activation to what it reads."""
    inner, outer = symbol(NODE, route.target, TIME), symbol(NODE, route.through, TIME)
    if not isinstance(route.value, sp.HadamardProduct) or outer not in route.value.atoms(Timed):
        return
    readers = [r for r in program.routes if inner in r.value.atoms(Timed)]
    for group in (*([r] for r in readers), [r for r in readers if r.is_leaf], [r for r in readers if r.lagged]):
        if not group:
            continue
        yield Mutant((_cause("slope-missing", program, group, node),), swapped(group, {inner: outer}))
        if all(r.lagged and r.value.shape == node.shape for r in group):
            right = words.right_side(group, program.model)
            late = [build.hadamard(node, r.value.xreplace({inner: outer})) for r in group]
            wrong = words.text(build.add(*late), program.model)
            yield Mutant(
                (_cause("order-wrong", program, group, node, right=right, wrong=wrong),),
                swapped(group, {r.value: new for r, new in zip(group, late, strict=True)}),
            )
