"""Central differences with a chosen step: (f(x + hv) - f(x - hv)) / 2h, extrapolated once, with an estimate of the error.

The step shrinks until two extrapolated differences agree; the pair that agrees best decides (Richardson (1911); Ridders (1982),
Accurate computation of F'(x) and F'(x)F''(x), Advances in Engineering Software 4(2)). The objective is the module's own, or the
interpreter's where stop_gradient holds values, which the module's own cannot do.
"""

from collections.abc import Callable, Iterator

import numpy as np

from symbptt.data.values import Array
from symbptt.model.values import Variable
from symbptt.verify.case import Case
from symbptt.verify.compare import Comparison, Scale
from symbptt.verify.objective import holds, objective
from symbptt.verify.report import Check

STEPS = tuple(0.04 * 4.0**-i for i in range(10))
"""Each a quarter of the one before. The error of an extrapolated difference falls with h^4, its noise grows with 1/h, and
short steps get past the kinks of relu-like functions."""

TOLERANCE = (1e-8, 1e-5)
"""The tolerance is a hundred times the estimated error, within these bounds; the upper one still sees a slope wrong by 0.1 %."""

_GOOD = 1e-10
"""An estimate that no shorter step will improve much, relative to the derivative or to one."""

_PROBES = 8
"""Directions per variable; each takes about ten calls of the module."""


def derivative(f: Callable[[float], float]) -> tuple[float, float]:
    """f'(0) and an estimate of its error, which is large where a kink is closer than the shortest step."""
    best, estimate = np.nan, np.inf
    central = extrapolated = np.nan
    for h in STEPS:
        before, central = central, (f(h) - f(-h)) / (2 * h)
        # A quarter of the step has a sixteenth of the h^2 error.
        last, extrapolated = extrapolated, central + (central - before) / 15
        if abs(extrapolated - last) < estimate:
            best, estimate = extrapolated, abs(extrapolated - last)
        if estimate <= _GOOD * max(1.0, abs(best)):
            break
    return best, estimate


HELD = (
    "the model states derivatives by stop_gradient; they are what is confirmed here, differences being taken with what it holds "
    "left as it is, and not the derivatives of the values themselves"
)


def check(case: Case, rng: np.random.Generator) -> Iterator[Check | str]:
    """Emitted gradients against central differences of the module's own objective, along entries or random directions."""
    if holds(case.graph.model):
        yield HELD
    made = case.probes(rng, _PROBES)
    found = {name: np.array([_slope(case, p.variable, d) for d in p.directions]) for name, p in made.items()}
    scale = Scale.of(pair[:, 0] for pair in found.values())
    low, high = TOLERANCE
    for name, probe in made.items():
        measured, estimate = found[name].T
        allowed = 100 * estimate / scale.size(measured)
        # Directions along which a kink is too close tell nothing, unless there are no others.
        told = allowed <= high if (allowed <= high).any() else np.full(allowed.shape, True)
        tolerance = min(high, max(low, float(allowed[told].max())))
        compare = Comparison("central differences", "emitted", "difference", tolerance, scale)
        yield compare.slopes(case.given[name], measured[told], probe.only(told))


def _slope(case: Case, variable: Variable, direction: Array) -> tuple[float, float]:
    point = case.data.value(variable)

    def value(h: float) -> float:
        moved = case.data.having(variable, point + h * direction)
        return float(objective(case.graph, moved, case.data)) if holds(case.graph.model) else case.code.value(moved).real

    return derivative(value)
