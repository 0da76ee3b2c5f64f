"""Bounds on ||ds_t/ds_k||_2: the product of the norms of the Jacobians always; (gamma sigma_max(W))^(t-k) for h = phi(W h + ...)
and for h = W phi(h) + ....

Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent neural networks, with singular values in place of
the eigenvalues of the preprint.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy as sp

from symbptt.algebra import linear
from symbptt.algebra.evaluate import Array
from symbptt.algebra.functions import FUNCTIONS, steepest
from symbptt.algebra.nodes import Elementwise, Slope, SlopeByResult
from symbptt.analyze.spectrum import spectrum_of
from symbptt.data.values import Data
from symbptt.derive.step import state_jacobian
from symbptt.model.values import Model, Role


@dataclass(frozen=True)
class Form:
    """A recurrence h = phi(W h_{t-1} + ...) or W phi(h_{t-1}) + ...: the activation, the parameter W (a matrix, or the weights
    of a diagonal one).

    `argument` is the symbol of what phi is applied to, in template time, if it has one.
    """

    activation: str
    numbers: tuple[sp.Expr, ...]
    weight: str
    argument: sp.MatrixSymbol | None

    def named(self) -> tuple[tuple[str, sp.Expr], ...]:
        """The activation's numeric arguments by name."""
        return tuple(zip((name for name, _ in FUNCTIONS[self.activation].arguments), self.numbers, strict=True))

    @property
    def gamma(self) -> float | None:
        """sup |phi'| with these numbers; None where the table of functions has none."""
        bound = steepest(self.activation, self.numbers)
        return None if bound is None else float(bound)


@lru_cache(maxsize=64)
def form(model: Model) -> Form | None:
    """The form of a model with one state, None if it is another than these."""
    block = state_jacobian(model).get((model.states[0].name,) * 2) if len(model.states) == 1 else None
    maps = block.maps if isinstance(block, linear.Compose) else (block,)
    weights = [name for name in map(_weight, maps) if name and model[name].role is Role.PARAMETER]
    slopes = [slope for slope in map(_slope, maps) if slope is not None]
    if len(weights) != 1 or len(weights) + len(slopes) != len(maps) or len(slopes) > 1:
        return None
    if not slopes:
        return Form("identity", (), weights[0], None)
    return Form(slopes[0].name, slopes[0].numbers, weights[0], _argument(model, slopes[0]))


def _weight(item: linear.LinearMap | None) -> str | None:
    value = item.factor if isinstance(item, linear.Left) else item.weights if isinstance(item, linear.Hadamard) else None
    return value.name if isinstance(value, sp.MatrixSymbol) else None


def _slope(item: linear.LinearMap | None) -> Elementwise | None:
    weights = item.weights if isinstance(item, linear.Hadamard) else None
    return weights if isinstance(weights, Slope | SlopeByResult) else None


def _argument(model: Model, slope: Elementwise) -> sp.MatrixSymbol | None:
    """What the activation with this slope is applied to."""
    operand = slope.operand
    if isinstance(slope, SlopeByResult):
        found = [e.value.operand for e in model.equations if e.target.at() == operand and isinstance(e.value, Elementwise)]
        operand = found[0] if found else None
    return operand if isinstance(operand, sp.MatrixSymbol) else None


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
