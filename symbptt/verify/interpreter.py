"""The referee: evaluates an unrolled graph on NumPy arrays of any dtype, complex and batched perturbations included.

It shares no code with `derive`, `emit` or the evaluators of `algebra`: one table of node types and one of functions, below.
Values have the shape (..., N, rows, columns); N is 1 for what does not depend on the sample, and leading axes are free
(one per perturbation). Functions with a kink, and the shift inside a softmax, compare on the real part.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import head_nodes, nodes
from symbptt.algebra.functions import FUNCTIONS
from symbptt.errors import MissingRule, UnknownName
from symbptt.unroll.graph import UnrolledGraph

Array = NDArray[Any]
HELD = "stop_gradient"
"""The function whose derivative is a statement of the model; differences can only confirm it with its operand held fixed."""
Values = dict[tuple[str, int], Array]
"""A value for each variable name and step. A tied parameter has one entry per step, so that a single use can be perturbed."""


@dataclass(frozen=True)
class _Scope:
    values: Values
    step: int
    dims: Mapping[str, int]
    held: Values | None = None

    def __call__(self, node: MatrixExpr) -> Array:
        rule = _NODES.get(type(node))
        if rule is None:
            raise MissingRule("interpreter rule", node, "symbptt/verify/interpreter.py")
        return rule(self, node)

    def number(self, expression: sp.Expr) -> float:
        if expression.is_Integer:
            return int(expression)
        return float(expression.subs({s: self.dims[s.name] for s in expression.free_symbols}))

    def size(self, expression: sp.Expr) -> int:
        return int(self.number(expression))


def evaluate(graph: UnrolledGraph, leaves: Values, dims: Mapping[str, int], held: Values | None = None) -> Values:
    """All values of the graph, the leaves included; what stop_gradient holds is taken from `held`, if that is given.

    Raises MissingRule or UnknownName for a node or function that the tables here do not cover.
    """
    values = dict(leaves)
    for assignment in graph:
        scope = _Scope(values, assignment.step, dims, held)
        values[assignment.variable.name, assignment.step] = scope(assignment.value)
    return values


def _total(x: Array) -> Array:
    return x.sum(axis=(-2, -1), keepdims=True)


def _shift(x: Array) -> Array:
    return x.real.max(axis=-2, keepdims=True)


def _softmax(x: Array) -> Array:
    e = np.exp(x - _shift(x))
    return e / e.sum(axis=-2, keepdims=True)


def _log_sum_exp(x: Array) -> Array:
    return _shift(x) + np.log(np.exp(x - _shift(x)).sum(axis=-2, keepdims=True))


def _cross_entropy(o: Array, y: Array) -> Array:
    # -sum_j y_j log softmax(o)_j: the weight of a sample is the sum of its target, 0 for an ignored class.
    return _total(y) * _log_sum_exp(o) - _total(y * o)


def _product(scope: _Scope, node: MatrixExpr) -> Array:
    matrices = [scope(a) for a in node.args if getattr(a, "is_Matrix", False)]
    numbers = [scope.number(a) for a in node.args if not getattr(a, "is_Matrix", False)]
    result: Array = reduce(np.matmul, matrices)
    return result * float(np.prod(numbers)) if numbers else result


def _inverse_unit_lower(x: Array) -> Array:
    """Row by row: row i of the inverse is that of the identity less x[i, :i] times the rows before; of each head."""
    size = x.shape[-1]
    heads = x.reshape(*x.shape[:-2], -1, size, size)
    inverse = np.zeros_like(heads) + np.eye(size, dtype=x.dtype)
    for i in range(1, size):
        inverse[..., i, :] -= np.einsum("...j,...jk->...k", heads[..., i, :i], inverse[..., :i, :])
    return inverse.reshape(x.shape)


def _concat(scope: _Scope, node: MatrixExpr) -> Array:
    parts = [scope(a) for a in node.args]
    front = np.broadcast_shapes(*(p.shape[:-2] for p in parts))
    return np.concatenate([np.broadcast_to(p, front + p.shape[-2:]) for p in parts], axis=-2)


def _blocks(scope: _Scope, node: head_nodes.OfHeads) -> list[Array]:
    """The operand as a list of its heads."""
    return np.split(scope(node.args[0]), scope.size(node.heads), axis=-2)


def _head_product(scope: _Scope, node: head_nodes.HeadProduct) -> Array:
    right = np.split(scope(node.args[1]), scope.size(node.heads), axis=-2)
    return np.concatenate([a @ b for a, b in zip(_blocks(scope, node), right, strict=True)], axis=-2)


def _head_spread(scope: _Scope, node: head_nodes.HeadBroadcast) -> Array:
    ones = np.ones((scope.size(node.args[1]), scope.size(node.args[2])))
    return np.concatenate([x * ones for x in _blocks(scope, node)], axis=-2)


def _elementwise(scope: _Scope, node: nodes.Elementwise) -> Array:
    function = _FUNCTIONS.get(node.name)
    if function is None:
        raise UnknownName("function", node.name, _FUNCTIONS, "symbptt/verify/interpreter.py")
    if node.name == HELD and scope.held is not None:
        scope = replace(scope, values=scope.held)
    return function(scope(node.operand), *(scope.number(n) for n in node.numbers))


def _chosen(a: Array, b: Array, u: Array, v: Array) -> Array:
    return np.where(a.real > b.real, u, v)


def _filled(value: float) -> Callable[[_Scope, Any], Array]:
    return lambda scope, node: np.full((1, scope.size(node.shape[0]), scope.size(node.shape[1])), value)


_NODES: dict[type, Callable[[_Scope, Any], Array]] = {
    sp.MatrixSymbol: lambda scope, n: scope.values[n.name, scope.step],
    nodes.Timed: lambda scope, n: scope.values[n.name, int(n.step)],
    sp.MatMul: _product,
    sp.MatAdd: lambda scope, n: reduce(np.add, map(scope, n.args)),
    sp.HadamardProduct: lambda scope, n: reduce(np.multiply, map(scope, n.args)),
    sp.Transpose: lambda scope, n: np.swapaxes(scope(n.arg), -1, -2),
    sp.Identity: lambda scope, n: np.eye(scope.size(n.shape[0]))[None],
    OneMatrix: _filled(1.0),
    sp.ZeroMatrix: _filled(0.0),
    nodes.LowerOnes: lambda scope, n: np.tri(scope.size(n.shape[0]), k=int(n.args[1]))[None],
    nodes.Shift: lambda scope, n: np.eye(scope.size(n.shape[0]), k=-1)[None],
    nodes.InverseUnitLower: lambda scope, n: _inverse_unit_lower(scope(n.operand)),
    nodes.Elementwise: _elementwise,
    nodes.Softmax: lambda scope, n: _softmax(scope(n.operand)),
    nodes.Choice: lambda scope, n: _chosen(*map(scope, n.args)),
    nodes.BatchMean: lambda scope, n: scope(n.operand).mean(axis=-3, keepdims=True),
    nodes.Diag: lambda scope, n: scope(n.args[0]) * np.eye(scope.size(n.shape[0])),
    nodes.LogSumExp: lambda scope, n: _log_sum_exp(scope(n.args[0])),
    nodes.SumAll: lambda scope, n: _total(scope(n.args[0])),
    nodes.HalfSquaredNorm: lambda scope, n: _total(scope(n.args[0]) ** 2) / 2,
    nodes.CrossEntropy: lambda scope, n: _cross_entropy(scope(n.args[0]), scope(n.args[1])),
    nodes.Broadcast: lambda scope, n: scope(n.args[0]) * np.ones((scope.size(n.shape[0]), scope.size(n.shape[1]))),
    nodes.Concat: _concat,
    head_nodes.HeadProduct: _head_product,
    head_nodes.HeadTranspose: lambda scope, n: np.concatenate([x.swapaxes(-1, -2) for x in _blocks(scope, n)], axis=-2),
    head_nodes.HeadBroadcast: _head_spread,
    head_nodes.EachHead: lambda scope, n: np.concatenate([scope(n.args[0])] * scope.size(n.heads), axis=-2),
    head_nodes.JoinHeads: lambda scope, n: scope(n.args[0]),
    head_nodes.CutHeads: lambda scope, n: scope(n.args[0]),
    head_nodes.SumHeads: lambda scope, n: reduce(np.add, _blocks(scope, n)),
    nodes.Slice: lambda scope, n: scope(n.args[0])[..., scope.size(n.args[1]) : scope.size(n.args[2]), :],
}


def _where(x: Array, positive: Array | float, otherwise: Array | float) -> Array:
    return np.where(x.real > 0, positive, otherwise)


def _sigmoid(z: Array) -> Array:
    return (1 + np.tanh(z / 2)) / 2


def _elu(z: Array, alpha: float) -> Array:
    return _where(z, z, alpha * np.expm1(_where(z, 0, z)))


def _softplus(z: Array) -> Array:
    return _where(z, z, 0) + np.log1p(np.exp(_where(z, -z, z)))


def _gelu(z: Array) -> Array:
    return z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))


def _clip(z: Array, low: float, high: float) -> Array:
    return np.where(z.real <= low, low, np.where(z.real >= high, high, z))


def _abs(z: Array) -> Array:
    return _where(z, z, -z)


def _huber(z: Array, delta: float) -> Array:
    return np.where(np.abs(z.real) < delta, z * z / 2, delta * (_abs(z) - delta / 2))


_FUNCTIONS: dict[str, Callable[..., Array]] = {
    "identity": lambda z: z,
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "relu": lambda z: _where(z, z, 0),
    "leaky_relu": lambda z, slope: _where(z, z, slope * z),
    "elu": _elu,
    "softplus": _softplus,
    "silu": lambda z: z * _sigmoid(z),
    "gelu": _gelu,
    "hard_sigmoid": lambda z, slope: _clip(slope * z, -0.5, 0.5) + 0.5,
    "hard_tanh": lambda z: _clip(z, -1, 1),
    "clip": _clip,
    "log_sigmoid": lambda z: -_softplus(-z),
    "step": lambda z: _where(z, 1.0, 0.0),
    "stop_gradient": lambda z: z.real,
    "sin": np.sin,
    "cos": np.cos,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": _abs,
    "reciprocal": lambda z: 1 / z,
    "power": lambda z, n: z**n,
    "huber": _huber,
    **{row.name: row.array for row in FUNCTIONS.values() if row.array is not None},
}
"""Written apart from the table of `algebra`; a function of an installed package brings its own definition."""
