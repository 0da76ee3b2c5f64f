"""How routes, values and equations are called in the sentences of a diagnosis."""

from collections.abc import Iterable
from functools import lru_cache

from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt import typeset
from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME, Timed
from symbptt.algebra.related import Adjoint, Cotangent
from symbptt.diagnose.routes import BackwardPass, Route
from symbptt.model.values import Model, Variable


# Hundreds of hypotheses speak of the same few dozen values, and typesetting one takes milliseconds.
@lru_cache(maxsize=8192)
def text(expression: MatrixExpr, model: Model) -> str:
    """A formula in Unicode."""
    given = {s: Timed(f"cotangent of {s.primal.name}", *s.args[1:]) for s in expression.atoms(Cotangent)}
    return typeset.text(expression.xreplace(given), model)


def value(variable: Variable, model: Model) -> str:
    """The value of step t: its letters, or the formula that it stands for."""
    return text(variable.at(), model)


def adjoint(variable: Variable, model: Model) -> str:
    """The adjoint of a value of step t."""
    return text(Adjoint(variable.at()), model)


def place(route: Route, model: Model) -> str:
    """The equation that a route is a summand of, with its number in the derivation."""
    if route.is_leaf:
        return f"d{route.target.name} (equation {route.number})"
    kind = "the carry to " if route.lagged else ""
    name = text(Adjoint(route.target.at(TIME - 1 if route.lagged else TIME)), model)
    return f"{kind}{name} (equation {route.number})"


def places(routes: Iterable[Route], model: Model) -> str:
    """The equations of several routes."""
    found = list(dict.fromkeys(place(route, model) for route in routes))
    return found[0] if len(found) == 1 else ", ".join(found[:-1]) + " and " + found[-1]


def right_side(routes: Iterable[Route], model: Model) -> str:
    """The sum of routes as it should be, for each variable that they lead to."""
    ends = dict[Variable, list[MatrixExpr]]()
    for route in routes:
        ends.setdefault(route.target, []).append(route.value)
    return " and ".join(text(tidy.add(*values), model) for values in ends.values())


def carry(backward: BackwardPass, state: Variable) -> str:
    """What the adjoint of a state takes over from step t+1."""
    routes = backward.into(state.name, lagged=True)
    if not routes:
        return "0"
    return text(tidy.add(*(route.value.xreplace({TIME: TIME + 1}) for route in routes)), backward.model)
