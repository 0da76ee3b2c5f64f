"""Numbers for formulas: an expression and the values of its leaves in, an array out.

Every value is an array (..., N, rows, columns): one matrix per sample, N = 1 for what the samples share. Leading axes are
carried along, so many directions can be evaluated at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, singledispatch
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import functions, head_nodes, nodes
from symbptt.errors import MissingRule

Array = NDArray[Any]


class Values:
    """The arrays of leaves, and the sizes of the named dimensions."""

    def __init__(self, leaves: Mapping[sp.MatrixSymbol, Array], sizes: Mapping[str, int]) -> None:
        self.leaves = dict(leaves)
        self.sizes = {nodes.dimension(name): size for name, size in sizes.items()}

    def number(self, expression: sp.Expr) -> float:
        """A coefficient or a dimension as a number."""
        return float(expression.xreplace(self.sizes)) if expression.free_symbols else float(expression)

    def size(self, expression: sp.Expr) -> int:
        """A dimension as an integer."""
        return int(expression.xreplace(self.sizes))


@cache
def _compiled(kind: str, name: str, numbers: tuple[sp.Expr, ...]) -> Callable[[Array], Array]:
    row = functions.FUNCTIONS[name]
    given = dict(zip(row.symbols(), numbers, strict=True))
    variable = functions.Y if kind == "result" else functions.Z
    scalar = {"value": row.value, "slope": functions.slope(name), "result": row.by_result}[kind]
    compiled: Callable[[Array], Array] = sp.lambdify(variable, sp.sympify(scalar).subs(given), "numpy")
    return compiled


def _apply(kind: str, node: nodes.Elementwise, values: Values) -> Array:
    x = evaluate(node.operand, values)
    with np.errstate(all="ignore"):
        return np.broadcast_to(_compiled(kind, node.name, node.numbers)(x), x.shape)


def softmax(x: Array) -> Array:
    """Column-wise softmax of (..., n, 1)."""
    e = np.exp(x - x.max(axis=-2, keepdims=True))
    return np.asarray(e / e.sum(axis=-2, keepdims=True))


def log_sum_exp(x: Array) -> Array:
    """Column-wise log-sum-exp of (..., n, 1)."""
    m = x.max(axis=-2, keepdims=True)
    return np.asarray(m + np.log(np.exp(x - m).sum(axis=-2, keepdims=True)))


@singledispatch
def evaluate(node: MatrixExpr, values: Values) -> Array:
    """The value of an expression; raises MissingRule for a node type that has no numeric meaning."""
    raise MissingRule("numeric value", node, "symbptt/algebra/evaluate.py")


@evaluate.register
def _leaf(node: sp.MatrixSymbol, values: Values) -> Array:
    return values.leaves[node]


@evaluate.register
def _product(node: sp.MatMul, values: Values) -> Array:
    number, factors = 1.0, []
    for a in node.args:
        if getattr(a, "is_Matrix", False):
            factors.append(evaluate(a, values))
        else:
            number *= values.number(a)
    product = factors[-1]
    for factor in reversed(factors[:-1]):
        product = factor @ product
    return product if number == 1 else number * product


@evaluate.register
def _sum(node: sp.MatAdd, values: Values) -> Array:
    return sum((evaluate(a, values) for a in node.args[1:]), evaluate(node.args[0], values))


@evaluate.register
def _hadamard(node: sp.HadamardProduct, values: Values) -> Array:
    product = evaluate(node.args[0], values)
    for a in node.args[1:]:
        product = product * evaluate(a, values)
    return product


@evaluate.register
def _transpose(node: sp.Transpose, values: Values) -> Array:
    return evaluate(node.arg, values).swapaxes(-1, -2)


@evaluate.register
def _identity(node: sp.Identity, values: Values) -> Array:
    return np.eye(values.size(node.shape[0]))[None]


@evaluate.register
def _ones(node: OneMatrix, values: Values) -> Array:
    return np.ones((1, values.size(node.shape[0]), values.size(node.shape[1])))


@evaluate.register
def _lower_ones(node: nodes.LowerOnes, values: Values) -> Array:
    return np.tri(values.size(node.shape[0]), k=int(node.args[1]))[None]


@evaluate.register
def _shift(node: nodes.Shift, values: Values) -> Array:
    return np.eye(values.size(node.shape[0]), k=-1)[None]


@evaluate.register
def _inverse_unit_lower(node: nodes.InverseUnitLower, values: Values) -> Array:
    x = evaluate(node.operand, values)
    heads = x.reshape(*x.shape[:-2], -1, x.shape[-1], x.shape[-1])
    return np.linalg.inv(np.eye(x.shape[-1]) + np.tril(heads, -1)).reshape(x.shape)


@evaluate.register
def _zeros(node: sp.ZeroMatrix, values: Values) -> Array:
    return np.zeros((1, values.size(node.shape[0]), values.size(node.shape[1])))


@evaluate.register
def _elementwise(node: nodes.Elementwise, values: Values) -> Array:
    return _apply("value", node, values)


@evaluate.register
def _slope(node: nodes.Slope, values: Values) -> Array:
    return _apply("slope", node, values)


@evaluate.register
def _slope_by_result(node: nodes.SlopeByResult, values: Values) -> Array:
    return _apply("result", node, values)


@evaluate.register
def _softmax(node: nodes.Softmax, values: Values) -> Array:
    return softmax(evaluate(node.operand, values))


@evaluate.register
def _choice(node: nodes.Choice, values: Values) -> Array:
    a, b, u, v = (evaluate(arg, values) for arg in node.args)
    return np.where(a > b, u, v)


@evaluate.register
def _batch_mean(node: nodes.BatchMean, values: Values) -> Array:
    x = evaluate(node.operand, values)
    return np.broadcast_to(x.mean(axis=-3, keepdims=True), x.shape)


@evaluate.register
def _diag(node: nodes.Diag, values: Values) -> Array:
    x = evaluate(node.args[0], values)
    return x * np.eye(x.shape[-2])


@evaluate.register
def _log_sum_exp(node: nodes.LogSumExp, values: Values) -> Array:
    return log_sum_exp(evaluate(node.args[0], values))


@evaluate.register
def _sum_all(node: nodes.SumAll, values: Values) -> Array:
    return evaluate(node.args[0], values).sum(axis=(-1, -2), keepdims=True)


@evaluate.register
def _half_squared_norm(node: nodes.HalfSquaredNorm, values: Values) -> Array:
    return 0.5 * (evaluate(node.args[0], values) ** 2).sum(axis=(-1, -2), keepdims=True)


@evaluate.register
def _cross_entropy(node: nodes.CrossEntropy, values: Values) -> Array:
    o, y = (evaluate(a, values) for a in node.args)
    return y.sum(axis=-2, keepdims=True) * log_sum_exp(o) - (o * y).sum(axis=-2, keepdims=True)


@evaluate.register
def _cross_entropy_slope(node: nodes.CrossEntropySlope, values: Values) -> Array:
    o, y = (evaluate(a, values) for a in node.args)
    return y.sum(axis=-2, keepdims=True) * softmax(o) - y


@evaluate.register
def _spread(node: nodes.Broadcast, values: Values) -> Array:
    x = evaluate(node.args[0], values)
    return np.broadcast_to(x, (*x.shape[:-2], values.size(node.shape[0]), values.size(node.shape[1])))


def on_top(parts: list[Array]) -> Array:
    """Matrices (..., rows, columns) on top of each other."""
    lead = np.broadcast_shapes(*(part.shape[:-2] for part in parts))
    return np.concatenate([np.broadcast_to(part, lead + part.shape[-2:]) for part in parts], axis=-2)


@evaluate.register
def _concat(node: nodes.Concat, values: Values) -> Array:
    return on_top([evaluate(a, values) for a in node.args])


@evaluate.register
def _slice(node: nodes.Slice, values: Values) -> Array:
    return evaluate(node.args[0], values)[..., values.size(node.args[1]) : values.size(node.args[2]), :]


@evaluate.register
def _series(node: nodes.SumOver, values: Values) -> Array:
    return evaluate(nodes.expand(node), values)


def apart(x: Array, heads: int) -> Array:
    """A matrix (..., M r, c) with an axis for its heads, (..., M, r, c)."""
    return x.reshape(*x.shape[:-2], heads, x.shape[-2] // heads, x.shape[-1])


def _apart(node: MatrixExpr, heads: sp.Expr, values: Values) -> Array:
    return apart(evaluate(node, values), values.size(heads))


def together(x: Array) -> Array:
    """The way back from `apart`."""
    return x.reshape(*x.shape[:-3], x.shape[-3] * x.shape[-2], x.shape[-1])


@evaluate.register
def _head_product(node: head_nodes.HeadProduct, values: Values) -> Array:
    a, b = (_apart(part, node.heads, values) for part in node.args[:2])
    return together(a @ b)


@evaluate.register
def _head_transpose(node: head_nodes.HeadTranspose, values: Values) -> Array:
    return together(_apart(node.args[0], node.heads, values).swapaxes(-1, -2))


@evaluate.register
def _head_spread(node: head_nodes.HeadBroadcast, values: Values) -> Array:
    x = _apart(node.args[0], node.heads, values)
    return together(np.broadcast_to(x, (*x.shape[:-2], values.size(node.args[1]), values.size(node.args[2]))))


@evaluate.register
def _each_head(node: head_nodes.EachHead, values: Values) -> Array:
    x = evaluate(node.args[0], values)[..., None, :, :]
    return together(np.broadcast_to(x, (*x.shape[:-3], values.size(node.heads), *x.shape[-2:])))


@evaluate.register
def _join_heads(node: head_nodes.JoinHeads, values: Values) -> Array:
    return evaluate(node.args[0], values)


@evaluate.register
def _sum_heads(node: head_nodes.SumHeads, values: Values) -> Array:
    return np.asarray(_apart(node.args[0], node.heads, values).sum(axis=-3))
