"""The buffers of a model: what the caller hands in and takes back, and what lies in between."""

from functools import cache

import sympy as sp

from symbptt.data.arrays import leading_axes
from symbptt.model.values import Role, Variable
from symbptt.program.ir import SAMPLES, STEPS, Buffer, Kind, Subscript
from symbptt.program.lower import STEP

_EXTENT = {"T": STEPS, "N": SAMPLES}
MASK = Buffer(Kind.MASK, "mask", (STEPS, SAMPLES), True, True)
STEP_WEIGHT = Buffer(Kind.STEP_WEIGHT, "weights", (STEPS,), True)
WEIGHTS = Buffer(Kind.WEIGHT, "weight", (STEPS, SAMPLES), True, True)
COUNT = Buffer(Kind.COUNT, "count", ())
LOSS = Buffer(Kind.LOSS, "loss", ())
RATE = Buffer(Kind.RATE, "rate", ())
ONCE = frozenset((Kind.MASK, Kind.STEP_WEIGHT, Kind.LOSS))
"""What a program has once, however many models it is made of."""
GIVEN_AS: dict[Role, Kind] = {
    Role.PARAMETER: Kind.PARAMETER, Role.BUFFER: Kind.PARAMETER, Role.INPUT: Kind.INPUT, Role.TARGET: Kind.TARGET,
}
"""The kind of a buffer that holds a variable of this role; what is not here is computed."""


def _ahead(v: Variable) -> int:
    return int(v.role is Role.STATE)


def rows_ahead(v: Variable) -> Subscript:
    """The row of step t of a value or an adjoint."""
    return Subscript(STEP, sp.Integer(_ahead(v)))


@cache
def buffer(kind: Kind, v: Variable, final: bool = False) -> Buffer:
    """The buffer of a variable; with `final` the caller's have of a state what is behind the last step."""
    match kind:
        case Kind.VALUE | Kind.ADJOINT | Kind.TANGENT:
            lead: tuple[sp.Expr, ...] = (STEPS + _ahead(v), SAMPLES)
        case Kind.OUTPUT | Kind.COTANGENT if final and v.role is Role.STATE:
            lead = (SAMPLES,)
        case Kind.OUTPUT | Kind.OUTPUT_TANGENT | Kind.COTANGENT:
            lead = (STEPS, SAMPLES)
        case Kind.INITIAL:
            lead = (SAMPLES,)
        case _:
            lead = tuple(_EXTENT[axis] for axis in leading_axes(v))
    timed = bool(lead) and lead[0] != SAMPLES
    return Buffer(kind, v.name, (*lead, v.rows, v.columns), timed, SAMPLES in lead, v)
