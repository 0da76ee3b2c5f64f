"""Mistakes in the slope of an elementwise function: missing, of another function, at another value, after the weights."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.functions import COMMON, FUNCTIONS
from symbptt.algebra.nodes import TIME, Elementwise, Slope, SlopeByResult, Softmax
from symbptt.algebra.related import Adjoint
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.mutant import Mutant, changed, swapped
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass, Route
from symbptt.model.values import Role, Variable

OTHERS = tuple(name for name in COMMON if FUNCTIONS[name].primed)
"""Functions whose slopes are tried in the place of another's."""
_LISTED = 3
"""So many wrong slopes are written out where a mistake is made at many places."""


@dataclass(frozen=True)
class Site:
    """A slope in a route."""

    route: Route
    node: Elementwise


@dataclass(frozen=True)
class Form:
    """What may stand in the place of a slope; `kind` is the same for the same mistake at another site."""

    cause: str
    kind: str
    wrong: str
    value: MatrixExpr


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """Every slope wrong alone, and the same mistake wherever there is the same function, or any."""
    sites = [Site(route, node) for route in backward.routes for node in _slopes(route)]
    families = (_missing, _wrong, _powers, _elsewhere)
    forms = {site: [form for family in families for form in family(backward, site)] for site in sites}
    for site in sites:
        for form in forms[site]:
            yield _mutant(backward, {site: form})
        yield from _skipped(backward, site)
    for route in backward.routes:
        yield from _softmax(backward, route)
    names = [frozenset([name]) for name in dict.fromkeys(s.node.name for s in sites)]
    for chosen in [*names, *([frozenset().union(*names)] if len(names) > 1 else [])]:
        alike = [s for s in sites if s.node.name in chosen]
        for kind in dict.fromkeys(f.kind for s in alike for f in forms[s]) if len(alike) > 1 else ():
            group = {s: f for s in alike for f in forms[s] if f.kind == kind}
            if len(group) > 1 and {s.node.name for s in group} == chosen:
                yield _mutant(backward, group)


def _slopes(route: Route) -> list[Elementwise]:
    return sorted((n for n in route.value.atoms(Slope, SlopeByResult)), key=str) if not route.external else []


def _equation(backward: BackwardPass, variable: Variable) -> MatrixExpr:
    return next(e.value for e in backward.model.all_equations if e.target == variable)


def _mutant(backward: BackwardPass, group: dict[Site, Form]) -> Mutant:
    """The same form at these sites."""
    routes, forms = [s.route for s in group], list(group.values())
    wrong = ", ".join(dict.fromkeys(f.wrong for f in forms[:_LISTED])) + (", …" if len(forms) > _LISTED else "")
    cause = _cause(forms[0].cause, backward, routes, [s.node for s in group], wrong=wrong)
    rules: dict[int, dict[MatrixExpr, MatrixExpr]] = {}
    for site, form in group.items():
        rules.setdefault(site.route.place, {})[site.node] = form.value
    return Mutant((cause,), changed({place: lambda v, r=r: v.xreplace(r) for place, r in rules.items()}))  # type: ignore[misc]


def _cause(name: str, backward: BackwardPass, routes: Sequence[Route], nodes: Sequence[Elementwise], **shown: str) -> Cause:
    model = backward.model
    slopes = ", ".join(dict.fromkeys(words.text(n, model) for n in nodes[:_LISTED])) + (", …" if len(nodes) > _LISTED else "")
    function = " and ".join(dict.fromkeys(n.name for n in nodes))
    shown = {"slope": slopes, "place": words.places(routes, model), "function": function, **shown}
    return Cause(name, None, routes[0].target.name, routes[0].number, tuple(shown.items()), routes[0].lagged)


def _missing(backward: BackwardPass, site: Site) -> Iterator[Form]:
    yield Form("slope-missing", "missing", "", OneMatrix(*site.node.shape))


def _wrong(backward: BackwardPass, site: Site) -> Iterator[Form]:
    """The slope of another function, and the usual misprints of the forms in terms of the result."""
    node, (argument, y) = site.node, _ends(backward, site.route)
    one = OneMatrix(*node.shape)
    for name in OTHERS:
        if name == node.name:
            continue
        by_result = FUNCTIONS[name].by_result is not None
        first = SlopeByResult(name, y) if by_result else Slope(name, argument)
        yield Form("slope-wrong", name, f"that of {name}", first)
        if by_result:
            yield Form("slope-wrong", f"{name} at the argument", f"that of {name} at the argument", Slope(name, argument))
    square, minus = tidy.hadamard(y, y), tidy.scale(-1, y)
    for kind, form in {
        "1 − {}": tidy.add(one, minus),
        "{}": y,
        "{}²": square,
        "1 + {}²": tidy.add(one, square),
        "{}(1 + {})": tidy.add(y, square),
        "(1 − {})²": tidy.hadamard(tidy.add(one, minus), tidy.add(one, minus)),
        "2{}": tidy.scale(2, y),
        "the slope enters twice": tidy.hadamard(node, node),
        "its reciprocal": Elementwise("reciprocal", node),
    }.items():
        yield Form("slope-wrong", kind, kind.replace("{}", words.text(y, backward.model)), form)


def _powers(backward: BackwardPass, site: Site) -> Iterator[Form]:
    """The exponent of a power, or its factor, wrong in the slope n x^(n−1)."""
    node = site.node
    if node.name != "power" or not isinstance(node, Slope):
        return
    (n,), x = node.numbers, node.operand
    for kind, factor, exponent in (("no factor", 1, n - 1), ("exponent kept", n, n), ("exponent short", n, n - 2)):
        form = tidy.scale(factor, Elementwise("power", exponent, x))
        yield Form("slope-wrong", kind, words.text(form, backward.model), form)


def _elsewhere(backward: BackwardPass, site: Site) -> Iterator[Form]:
    """The slope at another value: of the argument where the result belongs, or of any value of the same shape."""
    node, (argument, y) = site.node, _ends(backward, site.route)
    others = [v for v in backward.model.of(Role.STATE, Role.LOCAL) if v.at().shape == node.shape]
    at = [v.at() for v in others] + [v.at(TIME - 1) for v in others if v.role is Role.STATE]
    at += [argument] if argument not in at else []
    forms: list[MatrixExpr] = [Slope(node.name, *node.numbers, x) for x in at if x != argument]
    if FUNCTIONS[node.name].by_result is not None:
        forms += [SlopeByResult(node.name, *node.numbers, x) for x in at if x != y]
    for form in sorted(forms, key=lambda f: f.operand not in (argument, y)):
        if form != node:
            shown = words.text(form, backward.model)
            if isinstance(form, Slope):
                shown = f"{node.name}′({words.text(form.operand, backward.model)})"
            where = "result" if form.operand == y else "argument" if form.operand == argument else str(form.operand)
            yield Form("slope-argument", f"{type(form).__name__} at {where}", shown, form)


def _softmax(backward: BackwardPass, route: Route) -> Iterator[Mutant]:
    """The Jacobian diag(p) − p pᵀ of a softmax inside the model: its diagonal alone, or without p pᵀ."""
    if route.external or not isinstance(_equation(backward, route.through), Softmax):
        return
    p, delta = route.through.at(), Adjoint(route.through.at())
    letter, right = words.text(p, backward.model), words.text(route.value, backward.model)
    for wrong, form in (
        (f"{letter} ⊙ (𝟏 − {letter}), the diagonal of its Jacobian alone",
         tidy.hadamard(delta, p, tidy.add(OneMatrix(*p.shape), tidy.scale(-1, p)))),
        (f"{letter} alone", tidy.hadamard(delta, p)),
    ):
        shown = (("place", words.place(route, backward.model)), ("wrong", wrong), ("function", "softmax"), ("slope", right))
        cause = Cause("slope-wrong", None, route.target.name, route.number, shown)
        yield Mutant((cause,), swapped([route], {route.value: form}))


def _ends(backward: BackwardPass, route: Route) -> tuple[MatrixExpr, MatrixExpr]:
    """The argument and the result of the function that a route passes."""
    value = _equation(backward, route.through)
    argument = value.operand if isinstance(value, Elementwise) else route.target.at()
    return argument, route.through.at()


def _skipped(backward: BackwardPass, site: Site) -> Iterator[Mutant]:
    """The slope left out, or applied after the weights, on the way from a pre-activation to what it reads."""
    route, node = site.route, site.node
    inner, outer = Adjoint(route.target.at()), Adjoint(route.through.at())
    if not isinstance(route.value, sp.HadamardProduct) or outer not in route.reads:
        return
    readers = [r for r in backward.routes if inner in r.reads]
    for group in (*([r] for r in readers), [r for r in readers if r.is_leaf], [r for r in readers if r.lagged]):
        if not group:
            continue
        yield Mutant((_cause("slope-missing", backward, group, [node]),), swapped(group, {inner: outer}))
        if all(r.lagged and r.value.shape == node.shape for r in group):
            right = words.right_side(group, backward.model)
            late = [tidy.hadamard(node, r.value.xreplace({inner: outer})) for r in group]
            wrong = words.text(tidy.add(*late), backward.model)
            yield Mutant(
                (_cause("order-wrong", backward, group, [node], right=right, wrong=wrong),),
                swapped(group, {r.value: new for r, new in zip(group, late, strict=True)}),
            )
