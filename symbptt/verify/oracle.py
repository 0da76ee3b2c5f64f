"""Emitted gradients against the scalar oracle, at small sizes."""

from collections.abc import Iterator
from math import prod

import numpy as np
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.data.arrays import size
from symbptt.derive.defined import Undefined
from symbptt.model.values import Model
from symbptt.unroll.graph import steps
from symbptt.verify import scalar_oracle
from symbptt.verify.case import Case
from symbptt.verify.compare import Comparison, Scale
from symbptt.verify.conditioning import Conditioning
from symbptt.verify.points import point
from symbptt.verify.report import Check
from symbptt.verify.sizes import SAMPLES_OF_A_NORM, couples, normalises

TOLERANCE = 1e-11
STEPS = 3
"""The number of steps, unless the code is made for another one."""

_LARGEST = 20_000
"""The most derivatives that SymPy takes: about three seconds."""


def check(case: Case, rng: np.random.Generator) -> Iterator[Check | str]:
    """One check for every emitted gradient, with real target distributions."""
    code = case.code
    dims = small(code.model)
    if derivatives(code.model, dims) > _LARGEST:
        yield "the scalar oracle is left out: written out entry by entry the model is too large for it"
        return
    T, N = code.only_T or STEPS, SAMPLES_OF_A_NORM if couples(code.model) else 1
    graph = steps(code.model, T)
    try:
        data, _ = point(graph, dims, N, int(rng.integers(2**31)), distributions=True)
    except Undefined as error:
        yield f"the scalar oracle is left out: {error}"
        return
    conditioning = Conditioning(graph, data)
    given = code.gradients(data)
    wanted = scalar_oracle.gradients(code.model, data, given)
    compare = Comparison("scalar oracle", "emitted", "scalar SymPy", TOLERANCE, Scale.of(wanted.values()))
    for name, gradient in given.items():
        yield conditioning.judged(compare.arrays(name, gradient, wanted[name], code.variable(name)))


def small(model: Model) -> dict[str, int]:
    """Sizes of two and three, so that no transpose is square by chance; three and four where a norm needs more."""
    least = 3 if normalises(model) else 2
    return {name: least + number % 2 for number, name in enumerate(sorted(model.dimensions))}


def derivatives(model: Model, dims: dict[str, int]) -> int:
    """How many derivatives there are of the entries of every operation by those of its operands."""

    def entries(node: MatrixExpr) -> int:
        return prod(size(extent, dims) for extent in node.shape)

    def of(node: MatrixExpr) -> int:
        operands = [a for a in node.args if isinstance(a, MatrixExpr)]
        return entries(node) * sum(map(entries, operands)) + sum(map(of, operands))

    return sum(of(equation.value) for equation in model.all_equations)
