"""Taylor test: |f(x + ev) - f(x) - e <gradient, v>| falls like e^2, slope 2 in a log-log plot; a wrong gradient gives 1.

Farrell, Ham, Funke and Rognes (2013), Automated derivation of the adjoint of high-level transient finite element programs,
SIAM Journal on Scientific Computing 35(4).
"""

from collections.abc import Iterator

import numpy as np

from symbptt.data.values import Array
from symbptt.model.values import Variable
from symbptt.verify.case import Case
from symbptt.verify.objective import objective
from symbptt.verify.report import Check

EPSILONS = 4.0 ** -np.arange(2, 10)
"""From 1/16 to 4e-6, where a gradient wrong by 0.1 % has long outgrown the curvature."""

TOLERANCE = 0.2
"""How far the slope may fall short of 2."""

_DIRECTIONS = 3
"""The median slope counts: along a single direction the error of a gradient may happen to vanish, and so may the curvature."""

_JUMP = 64
"""A quarter of a step leaves a quarter of a wrong gradient's remainder, a sixteenth of a right one's; more is lost at a jump."""

_NOISE = 1e4 * np.finfo(np.float64).eps
"""Remainders below this share of the objective are rounding and tell no slope."""


def check(case: Case, rng: np.random.Generator) -> Iterator[Check]:
    """The slope of the remainder for each variable, along random directions, with the interpreter's objective."""
    for name, gradient in case.given.items():
        yield _check(case, case.code.variable(name), gradient, rng)


def _check(case: Case, variable: Variable, gradient: Array, rng: np.random.Generator) -> Check:
    name, shape = variable.name, case.data.value(variable).shape
    if gradient.shape != shape:
        return Check("Taylor slope", name, float("inf"), TOLERANCE, f"{name} has shape {shape}, its gradient {gradient.shape}")
    directions = rng.standard_normal((_DIRECTIONS, *shape))
    slope = float(np.median([_slope(case, variable, gradient, direction) for direction in directions]))
    short = max(0.0, 2.0 - slope) if slope == slope else float("nan")
    where = "" if short <= TOLERANCE else f"{name}: slope {slope:.3f} instead of 2 along random directions"
    return Check("Taylor slope", name, short, TOLERANCE, where)


def _slope(case: Case, variable: Variable, gradient: Array, direction: Array) -> float:
    point = case.data.value(variable)
    steps = EPSILONS.reshape(-1, *(1,) * point.ndim) * direction
    start = float(objective(case.graph, case.data))
    moved = np.broadcast_to(objective(case.graph, case.data.having(variable, point + steps), case.data), EPSILONS.shape)
    remainders = np.abs(moved - start - EPSILONS * np.vdot(gradient, direction))
    if not np.isfinite(gradient).all():
        return float("nan")
    # Long steps may leave where the model is defined.
    noise = _NOISE * max(1.0, abs(start))
    told = np.isfinite(remainders) & (remainders > noise)
    last = int(np.flatnonzero(told)[-1]) if told.any() else 0
    if told.sum() < 2 or (last + 1 < len(told) and remainders[last] > _JUMP * noise):
        # Linear along the direction: the remainder is rounding, from the start or from a step too short to meet a jump.
        return 2.0
    # The smallest two steps that still tell something: there the lowest power of e rules.
    (big, small), (e_big, e_small) = remainders[told][-2:], EPSILONS[told][-2:]
    return float(np.log(big / small) / np.log(e_big / e_small))
