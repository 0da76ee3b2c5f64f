"""A factor that every summand of a carry has, some of them on the way: left out once, where the whole carry is handed on."""

from collections.abc import Iterator

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.nodes import Broadcast, is_leaf
from symbptt.algebra.related import Adjoint
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.linear import has_adjoint
from symbptt.diagnose.mutant import Mutant, changed
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass

_DEEP = 3
"""Through so many values of a step a factor is looked for."""


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """`dS = dS - …` for `dS = a * (dS - …)`: the decay in front of a sum, in whose summands the derivation has it one by one."""
    model = backward.model
    for state in model.states:
        routes = backward.into(state.name, lagged=True)
        if len(routes) < 2:
            continue
        for factor in dict.fromkeys(f for route in routes for f in _factors(route.value)):
            values = {route.place: _without(backward, route.value, factor, _DEEP) for route in routes}
            if all(v is not None for v in values.values()):
                right = words.right_side(routes, model)
                shown = (("place", words.place(routes[0], model)), ("factor", words.text(factor, model)), ("right", right))
                cause = Cause("factor-missing", state.name, state.name, routes[0].number, shown, True)
                yield Mutant((cause,), changed({place: lambda _, v=v: v for place, v in values.items()}))  # type: ignore[misc]


def _factors(value: MatrixExpr) -> list[MatrixExpr]:
    """The values that stand as factors beside an adjoint, entry by entry."""
    products = (n for n in sp.preorder_traversal(value) if isinstance(n, sp.HadamardProduct) and has_adjoint(n))
    found = (f.args[0] if isinstance(f, Broadcast) else f for n in products for f in n.args if not has_adjoint(f))
    return [f for f in found if is_leaf(f)]


def _without(backward: BackwardPass, value: MatrixExpr, factor: MatrixExpr, deep: int) -> MatrixExpr | None:
    """A summand without a factor, which it has itself or through every value of the step that it comes from; None if not."""
    for node in sp.preorder_traversal(value):
        if isinstance(node, sp.HadamardProduct) and has_adjoint(node):
            found = [f for f in node.args if f == factor or (isinstance(f, Broadcast) and f.args[0] == factor)]
            if found:
                return value.xreplace({found[0]: OneMatrix(*found[0].shape)})
    (adjoint,) = value.atoms(Adjoint) or (None,)
    if adjoint is None or not deep:
        return None
    incoming = backward.into(adjoint.primal.name)
    parts = [None if r.external else _without(backward, r.value, factor, deep - 1) for r in incoming]
    lagged = backward.into(adjoint.primal.name, lagged=True)
    return None if not parts or lagged or None in parts else value.xreplace({adjoint: tidy.add(*parts)})
