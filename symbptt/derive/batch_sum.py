"""Contributions to a parameter, summed over the samples without forming the outer product of every sample."""

from __future__ import annotations

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import build
from symbptt.algebra.evaluate import Array, Values, evaluate


def batch_sum(node: MatrixExpr, values: Values, N: int) -> Array:
    """The value of an expression summed over N samples: (..., 1, rows, columns)."""
    if isinstance(node, sp.MatAdd):
        return sum((batch_sum(a, values, N) for a in node.args[1:]), batch_sum(node.args[0], values, N))
    number, factors = build.split_number(node)
    if len(factors) > 1 and factors[-1].shape[0] == 1 and node.shape[0] != 1:
        column = _spread(evaluate(build.mul(*factors[:-1]), values), N)[..., 0]
        row = _spread(evaluate(factors[-1], values), N)[..., 0, :]
        # sum_n a_n b_n^T is one matrix product, the samples being its inner index.
        outer = (column.swapaxes(-1, -2) @ row)[..., None, :, :]
        return outer if number == 1 else values.number(number) * outer
    return np.asarray(_spread(evaluate(node, values), N).sum(axis=-3, keepdims=True))


def _spread(value: Array, N: int) -> Array:
    return np.broadcast_to(value, (*value.shape[:-3], N, *value.shape[-2:]))
