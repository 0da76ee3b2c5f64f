"""The three forms of the derivation against each other, against the emitted code, and term by term against complex steps."""

from collections.abc import Iterator
from math import isqrt

import numpy as np

from symbptt import derive
from symbptt.data.values import Array, Data
from symbptt.model.values import Variable
from symbptt.unroll import graph as unrolled
from symbptt.unroll.graph import UnrolledGraph
from symbptt.verify import complex_step
from symbptt.verify.case import Case
from symbptt.verify.compare import Comparison, Scale
from symbptt.verify.locate import Terms, total
from symbptt.verify.report import Check

TOLERANCE = 1e-11

_EVALUATIONS = 150_000
"""The most equations to be evaluated for the terms (t, k): about three seconds."""


def check(case: Case, rng: np.random.Generator) -> Iterator[Check | str]:
    """For every parameter, input and initial state: the terms, the two recursions, and the emitted gradient if there is one.

    A model without a loss has no such forms. All pairs (t, k) of many steps take too long: the forms are compared over the first
    ones then, and the code with the backward recursion over all of them.
    """
    if not case.code.has_loss:
        yield "no loss: the gradients are those of <cotangents, outputs>, and the three forms are left out"
        return
    variables = case.graph.model.with_gradient
    graph, data = _affordable(case, len(variables))
    if graph.T < case.graph.T:
        yield f"all pairs of {case.graph.T} steps take too long: the three forms are compared over {graph.T} steps"
    true = {v.name: complex_step.terms(graph, data, v) for v in variables}
    scale = Scale.of(total(v, data, true[v.name]) for v in variables)
    sums: dict[str, Array] = {}
    for v in variables:
        found = derive.gradient(graph, v.name).evaluate(*data.groups)
        yield _terms(v, found, true[v.name], scale)
        sums[v.name] = total(v, data, found)
    backward = derive.adjoints(graph).evaluate(*data.groups)
    compare = Comparison("backward recursion", "recursion", "sum of products", TOLERANCE, scale)
    for v in variables:
        yield compare.arrays(v.name, backward[v.name], sums[v.name], v)
    compare = Comparison("nested recursion", "nested", "sum of products", TOLERANCE, scale)
    for v in variables:
        yield compare.arrays(v.name, derive.sensitivities(graph, v.name).evaluate(*data.groups), sums[v.name], v)
    whole = backward if graph is case.graph else derive.adjoints(case.graph).evaluate(*case.data.groups)
    compare = Comparison("recursion and code", "emitted", "recursion", TOLERANCE, Scale.of(whole.values()))
    for name, gradient in case.given.items():
        yield compare.arrays(name, gradient, whole[name], graph.model[name])


def _affordable(case: Case, variables: int) -> tuple[UnrolledGraph, Data]:
    """The graph and the data, cut off after as many steps as can be taken apart in seconds."""
    each = max(1, variables * len(case.graph.model.all_equations))
    T = max(2, isqrt(_EVALUATIONS // each))
    if T >= case.graph.T:
        return case.graph, case.data
    return unrolled.steps(case.graph.model, T), case.data.first(case.graph.model, T)


def _terms(variable: Variable, found: Terms, true: Terms, scale: Scale) -> Check:
    """The worst of all terms, named by its steps; a missing or surplus term counts as zero on that side."""
    checks = []
    for t, k in sorted(found.keys() | true.keys()):
        zero = np.zeros_like(next(iter(true.values())))
        compare = Comparison("sum of products", f"term (t={t}, k={k})", "complex step", TOLERANCE, scale)
        checks.append(compare.arrays(variable.name, found.get((t, k), zero), true.get((t, k), zero)))
    return max(checks, key=lambda check: (not check.ok, check.worst_error))
