"""Values of earlier steps by augmenting the state.

h[t-1] is the state of the step before; h[t-2] is the value that the extra state h_lag2 = h[t-1] had one step ago. An input
or an intermediate has one more: x[t-1] is the value that x_lag1 = x had one step ago.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt import words
from symbptt.algebra.nodes import TIME
from symbptt.model.lags import readings
from symbptt.model.place import Place
from symbptt.model.syntax import Parsed
from symbptt.model.values import Role, Variable

_NO_LAG = {Role.PARAMETER: "a parameter", Role.TARGET: "a target", Role.BUFFER: "a constant"}


def check(expressions: Mapping[str, Parsed], variables: Mapping[str, Variable], left_sides: Iterable[str]) -> None:
    """Raise BadInput where something is read with a lag that has none, or whose shape is not known yet."""
    order = {name: place for place, name in enumerate(left_sides)}
    for target, parsed in expressions.items():
        for name, node in ((r.name, r.node) for r in readings(parsed) if r.lag):
            here = parsed.at(node)
            if name in variables and variables[name].role in _NO_LAG:
                what = f"{name} is {_NO_LAG[variables[name].role]}"
                raise here.error(f"{what}; a state, an input or an intermediate is read with a lag")
            if name in variables and variables[name].classes:
                raise here.error(f"{name} is an integer input; embed it, and read what it is embedded as with a lag")
            if name not in variables and order.get(name, -1) >= order.get(target, len(order)):
                what = f"{name} is no state, and read with a lag above its equation"
                raise here.error(f"{what}: list {name} in [states], with its shape")


def held(variable: Variable, lag: int) -> str:
    """The state whose value of the step before is that of `variable`, `lag` steps ago."""
    return variable.name if lag == 1 and variable.role is Role.STATE else f"{variable.name}_lag{lag}"


def deepest(expressions: Iterable[Parsed]) -> dict[str, int]:
    """The largest lag at which each name is read."""
    found: dict[str, int] = {}
    for reading in (r for parsed in expressions for r in readings(parsed)):
        found[reading.name] = max(reading.lag, found.get(reading.name, 0))
    return found


def extra(variable: Variable, lag: int, taken: Iterable[str], place: Place) -> tuple[tuple[Variable, MatrixExpr], ...]:
    """The states that hold the older values of a variable, each with its value; raises BadInput if a name is taken."""
    made: list[tuple[Variable, MatrixExpr]] = []
    for k in range(1, lag + 1):
        name = held(variable, k)
        if name == variable.name:
            continue
        if name in taken:
            raise place.error(f"{variable.name}[t-{k}] needs the name {name} for the older value; rename your {name}")
        told = words.everywhere("model.kept" if k == 1 else "model.lagged", ago=str(k - 1))
        state = replace(variable, name=name, role=Role.STATE, latex=None, description=told, init=None, initial=None)
        before = variable.at() if k == 1 else replace(state, name=held(variable, k - 1)).at(TIME - 1)
        made.append((state, before))
    return tuple(made)
