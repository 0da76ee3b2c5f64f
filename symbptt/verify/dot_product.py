"""Dot-product test of the vector-Jacobian product: <J u, v> = <u, J^T v> for random u and v.

J u comes from a complex step of the emitted `forward`, J^T v from the emitted `backward`. Claerbout (2014), Geophysical image
estimation by example, section 2.3.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from symbptt.data.values import Array, Data
from symbptt.model.values import Variable
from symbptt.verify import objective
from symbptt.verify.case import Case
from symbptt.verify.compare import Comparison, Scale
from symbptt.verify.complex_step import STEP
from symbptt.verify.report import Check

TOLERANCE = 1e-11

_DIRECTIONS = 3
Outputs = Callable[[Any, Data], Mapping[str, Array]]
"""Outputs of a graph at data."""


def check(case: Case, rng: np.random.Generator, outputs: Outputs = objective.outputs) -> Iterator[Check]:
    """One check for every gradient of `backward`, with the cotangents of the data and random directions.

    `outputs` has those of code without complex numbers.
    """
    vjp = replace(case, given=case.code.vjp(case.data))
    made = vjp.probes(rng, _DIRECTIONS)
    measured = {
        name: np.array([_pushed(case, probe.variable, d, outputs) for d in probe.directions]) for name, probe in made.items()
    }
    compare = Comparison("dot product", "<u, J^T v>", "<J u, v>", TOLERANCE, Scale.of(measured.values()))
    for name, probe in made.items():
        yield compare.slopes(vjp.given[name], measured[name], probe)


def _pushed(case: Case, variable: Variable, direction: Array, interpreted: Outputs) -> float:
    moved = case.data.having(variable, case.data.value(variable) + 1j * STEP * direction)
    outputs = case.code.forward(moved)[0] if case.code.takes_complex else interpreted(case.graph, moved)
    return float(sum(np.sum(weight * np.imag(outputs[name])) / STEP for name, weight in case.data.cotangents.items()))
