"""Lags above one by augmenting the state: h[t-2] is the value that the extra state h_lag2 = h[t-1] had one step ago."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.nodes import TIME
from symbptt.model.lags import readings
from symbptt.model.place import Place
from symbptt.model.syntax import Parsed
from symbptt.model.values import Role, Variable

_NO_STATE = {Role.INPUT: "an input", Role.PARAMETER: "a parameter", Role.TARGET: "a target"}


def check(expressions: Iterable[Parsed], variables: Mapping[str, Variable], left_sides: Iterable[str]) -> None:
    """Raise BadInput where something else than a state is read with a lag."""
    for parsed in expressions:
        for name, node in ((r.name, r.node) for r in readings(parsed) if r.lag):
            if name in variables and variables[name].role is not Role.STATE:
                what = f"{name} is {_NO_STATE[variables[name].role]}"
                raise parsed.at(node).error(f"{what}; only a state is read with a lag: carry {name} in a state of its own")
            if name not in variables and name in left_sides:
                raise parsed.at(node).error(f"{name} is no state; only a state is read with a lag: list {name} in [states]")


def held(name: str, lag: int) -> str:
    """The state whose value of the step before is that of `name`, `lag` steps ago."""
    return name if lag == 1 else f"{name}_lag{lag}"


def deepest(expressions: Iterable[Parsed]) -> dict[str, int]:
    """The largest lag at which each name is read."""
    found: dict[str, int] = {}
    for reading in (r for parsed in expressions for r in readings(parsed)):
        found[reading.name] = max(reading.lag, found.get(reading.name, 0))
    return found


def extra(state: Variable, lag: int, taken: Iterable[str], place: Place) -> tuple[tuple[Variable, MatrixExpr], ...]:
    """The states that hold the older values of `state`, each with its value; raises BadInput if a name is taken."""
    made = []
    for k in range(2, lag + 1):
        name = held(state.name, k)
        if name in taken:
            raise place.error(f"{state.name}[t-{k}] needs the name {name} for the older value; rename your {name}")
        told = (("en", f"{state.name} of step t − {k - 1}"), ("zh", f"第 t − {k - 1} 步的 {state.name}"))
        variable = replace(state, name=name, latex=None, description=told, init=None, initial=None)
        before = replace(state, name=held(state.name, k - 1))
        made.append((variable, before.at(TIME - 1)))
    return tuple(made)
