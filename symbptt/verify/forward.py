"""Emitted values against the interpreter's: outputs, objective, and that no initial states means zeros."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from symbptt.data.values import Data
from symbptt.model.dimensions import told_by_states
from symbptt.model.values import Role
from symbptt.verify.case import Case
from symbptt.verify.compare import Comparison, Scale
from symbptt.verify.objective import objective, outputs
from symbptt.verify.report import Check

TOLERANCE = 1e-12


def check(case: Case, rng: np.random.Generator) -> Iterator[Check]:
    """One check for every output and one for the loss; one for every output without initial states."""
    loss, wanted = np.asarray(case.code.value(case.data)), objective(case.graph, case.data)
    compare = Comparison("forward", "emitted", "interpreter", TOLERANCE, Scale.of([wanted]))
    yield compare.arrays("loss" if case.code.has_loss else "<cotangents, outputs>", loss, wanted)
    yield from _outputs(case, case.data, "forward")
    # Without inputs nothing but initial states tells how many samples there are, and some dimensions stand in no other array.
    model = case.graph.model
    if model.of(Role.INPUT) and not told_by_states(model.variables):
        zeros = {name: np.zeros_like(value) for name, value in case.data.states.items()}
        yield from _outputs(case, replace(case.data, states=zeros), "forward, no states", states=False)


def _outputs(case: Case, data: Data, route: str, *, states: bool = True) -> Iterator[Check]:
    given, _ = case.code.forward(data, states=states)
    wanted = outputs(case.graph, data)
    compare = Comparison(route, "emitted", "interpreter", TOLERANCE, Scale.of(wanted.values()))
    for name, reference in wanted.items():
        if name in given:
            yield compare.arrays(name, np.asarray(given[name]), reference)
        else:
            yield Check(route, name, float("inf"), TOLERANCE, f"forward returns no output {name}")
