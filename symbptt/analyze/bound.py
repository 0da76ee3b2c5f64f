"""Bounds on ||ds_t/ds_k||_2: the product of the norms of the Jacobians always; (gamma sigma_max(W))^(t-k) for h = phi(W h + ...).

Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent neural networks, with singular values in place of
the eigenvalues of the preprint.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy as sp

from symbptt.algebra import linear
from symbptt.algebra.evaluate import Array
from symbptt.algebra.functions import FUNCTIONS
from symbptt.algebra.nodes import Elementwise, Slope, SlopeByResult
from symbptt.analyze.data import Data
from symbptt.analyze.spectrum import spectrum_of
from symbptt.derive.step import state_jacobian
from symbptt.model.values import Model, Role


@dataclass(frozen=True)
class Form:
    """A recurrence h = phi(W h_{t-1} + ...): the activation, the parameter W (a matrix, or the weights of a diagonal one).

    `argument` is the symbol of the pre-activation W h_{t-1} + ..., if it has one.
    """

    activation: str
    numbers: tuple[sp.Expr, ...]
    weight: str
    argument: str | None

    def named(self) -> tuple[tuple[str, sp.Expr], ...]:
        """The activation's numeric arguments by name."""
        return tuple(zip((name for name, _ in FUNCTIONS[self.activation].arguments), self.numbers, strict=True))

    @property
    def gamma(self) -> float | None:
        """sup |phi'|; None where the table of functions has none."""
        bound = FUNCTIONS[self.activation].bound
        return None if bound is None else float(bound)


@lru_cache(maxsize=64)
def form(model: Model) -> Form | None:
    """The form of a model with one state, None if it is another than phi(W h + ...)."""
    block = state_jacobian(model).get((model.states[0].name,) * 2) if len(model.states) == 1 else None
    maps = block.maps if isinstance(block, linear.Compose) else (block,)
    weights = {name for name in map(_weight, maps[-1:]) if name and model[name].role is Role.PARAMETER}
    if not weights or len(maps) > 2:
        return None
    if len(maps) == 1:
        return Form("identity", (), weights.pop(), None)
    slope = maps[0].weights if isinstance(maps[0], linear.Hadamard) else None
    if not isinstance(slope, Slope | SlopeByResult):
        return None
    return Form(slope.name, slope.numbers, weights.pop(), _argument(model, slope.name))


def _weight(item: linear.LinearMap | None) -> str | None:
    value = item.factor if isinstance(item, linear.Left) else item.weights if isinstance(item, linear.Hadamard) else None
    return value.name if isinstance(value, sp.MatrixSymbol) else None


def _argument(model: Model, activation: str) -> str | None:
    """The value that the state's equation applies the activation to."""
    for equation in model.equations:
        value = equation.value
        if equation.target.role is Role.STATE and isinstance(value, Elementwise) and value.name == activation:
            return value.operand.name if isinstance(value.operand, sp.MatrixSymbol) else None
    return None


def weights(model: Model, data: Data) -> Iterator[Array]:
    """W as a matrix, for the steps 1 .. T where it is untied, else once."""
    found = form(model)
    assert found is not None
    variable, value = model[found.weight], np.asarray(data.parameters[found.weight], dtype=float)
    for one in value if not variable.tied else value[None]:
        yield one if len(variable.shape) == 2 else np.diag(np.atleast_1d(one))


def factors(model: Model, data: Data) -> Array | None:
    """gamma sigma_max(W) for the steps 1 .. T, or None where the form or gamma is not known."""
    found = form(model)
    if found is None or found.gamma is None:
        return None
    largest = [found.gamma * spectrum_of(found.weight, matrix).largest for matrix in weights(model, data)]
    return np.array(largest * data.T if len(largest) == 1 else largest)


def products(steps: Array) -> Array:
    """The products of the last d of the factors, d = 0 .. T: bounds on ||ds_T/ds_{T-d}||."""
    with np.errstate(over="ignore", under="ignore"):
        return np.concatenate([[1.0], np.cumprod(steps[::-1])])
