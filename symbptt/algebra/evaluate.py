"""Numbers for formulas: an expression and the values of its leaves in, an array out.

Every value is an array (..., N, rows, columns): one matrix per sample, N = 1 for what the samples share. Leading axes are
carried along, so many directions can be evaluated at once.
"""

from collections.abc import Callable, Mapping
from functools import cache, reduce, singledispatch
from operator import add, mul
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


def softmax(x: Array) -> Array:
    """Column-wise softmax of (..., n, 1)."""
    e = np.exp(x - x.max(axis=-2, keepdims=True))
    return np.asarray(e / e.sum(axis=-2, keepdims=True))


def log_sum_exp(x: Array) -> Array:
    """Column-wise log-sum-exp of (..., n, 1)."""
    m = x.max(axis=-2, keepdims=True)
    return np.asarray(m + np.log(np.exp(x - m).sum(axis=-2, keepdims=True)))


def evaluate(node: MatrixExpr, values: Values) -> Array:
    """The value of an expression; raises MissingRule for a node type that has no numeric meaning."""
    if isinstance(node, sp.MatrixSymbol):
        return values.leaves[node]
    if isinstance(node, nodes.SumOver):
        return evaluate(nodes.expand(node), values)
    return operation(node, values)(*(evaluate(a, values) for a in operands(node)))


def operands(node: MatrixExpr) -> list[MatrixExpr]:
    """The matrices that an operation takes."""
    return [a for a in node.args if getattr(a, "is_Matrix", False)]


Operation = Callable[..., Array]


@singledispatch
def operation(node: MatrixExpr, values: Values) -> Operation:
    """The function of its operands' values that a node stands for; raises MissingRule for a node type without one."""
    raise MissingRule("numeric value", node, "symbptt/algebra/evaluate.py")


def number_of(node: sp.MatMul, values: Values) -> float:
    """The number in front of a product."""
    return reduce(mul, (values.number(a) for a in node.args if not getattr(a, "is_Matrix", False)), 1.0)


@operation.register
def _product(node: sp.MatMul, values: Values) -> Operation:
    number = number_of(node, values)

    def product(*factors: Array) -> Array:
        found = reduce(lambda right, left: left @ right, reversed(factors))
        return found if number == 1 else number * found

    return product


@operation.register
def _elementwise(node: nodes.Elementwise, values: Values) -> Operation:
    function = _compiled(_KINDS.get(type(node), "value"), node.name, node.numbers)

    def value(x: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.broadcast_to(function(x), x.shape)

    return value


_KINDS = {nodes.Slope: "slope", nodes.SlopeByResult: "result"}


def on_top(*parts: Array) -> Array:
    """Matrices (..., rows, columns) on top of each other."""
    lead = np.broadcast_shapes(*(part.shape[:-2] for part in parts))
    return np.concatenate([np.broadcast_to(part, lead + part.shape[-2:]) for part in parts], axis=-2)


def apart(x: Array, heads: int) -> Array:
    """A matrix (..., M r, c) with an axis for its heads, (..., M, r, c)."""
    return x.reshape(*x.shape[:-2], heads, x.shape[-2] // heads, x.shape[-1])


def together(x: Array) -> Array:
    """The way back from `apart`."""
    return x.reshape(*x.shape[:-3], x.shape[-3] * x.shape[-2], x.shape[-1])


def _slice(node: nodes.Slice, values: Values) -> Operation:
    rows = slice(values.size(node.args[1]), values.size(node.args[2]))
    return lambda x: x[..., rows, :]


def _broadcast(node: nodes.Broadcast, values: Values) -> Operation:
    shape = tuple(map(values.size, node.shape))
    return lambda x: np.broadcast_to(x, (*x.shape[:-2], *shape))


def _of_heads(function: Operation) -> Callable[[Any, Values], Operation]:
    """An operation on the heads of its operands, each on an axis of its own."""
    def of(node: Any, values: Values) -> Operation:
        heads = values.size(node.heads)
        return lambda *parts: together(function(*(apart(part, heads) for part in parts)))

    return of


def _head_broadcast(node: head_nodes.HeadBroadcast, values: Values) -> Operation:
    heads, *shape = map(values.size, (node.heads, node.args[1], node.args[2]))
    return lambda x: together(np.broadcast_to(y := apart(x, heads), (*y.shape[:-2], *shape)))


def _each_head(node: head_nodes.EachHead, values: Values) -> Operation:
    heads = values.size(node.heads)
    return lambda x: together(np.broadcast_to(x[..., None, :, :], (*x.shape[:-2], heads, *x.shape[-2:])))


def _sum_heads(node: head_nodes.SumHeads, values: Values) -> Operation:
    heads = values.size(node.heads)
    return lambda x: np.asarray(apart(x, heads).sum(axis=-3))


def _always(function: Operation) -> Callable[[Any, Values], Operation]:
    """An operation that needs to know its operands only."""
    return lambda node, values: function


def _filled(fill: Callable[..., Array]) -> Callable[[Any, Values], Operation]:
    return lambda node, values: lambda: fill((1, values.size(node.shape[0]), values.size(node.shape[1])))


def _total(x: Array) -> Array:
    return x.sum(axis=(-1, -2), keepdims=True)


def _inverse_unit_lower(x: Array) -> Array:
    """The inverse for each head, one below the other."""
    heads = x.reshape(*x.shape[:-2], -1, x.shape[-1], x.shape[-1])
    return np.linalg.inv(np.eye(x.shape[-1]) + np.tril(heads, -1)).reshape(x.shape)


def _of_column(x: Array) -> Array:
    return x.sum(axis=-2, keepdims=True)


_RULES: dict[type, Callable[[Any, Values], Operation]] = {
    sp.MatAdd: _always(lambda *terms: reduce(add, terms)),
    sp.HadamardProduct: _always(lambda *factors: reduce(mul, factors)),
    sp.Transpose: _always(lambda x: x.swapaxes(-1, -2)),
    sp.Identity: lambda node, values: lambda: np.eye(values.size(node.shape[0]))[None],
    OneMatrix: _filled(np.ones),
    sp.ZeroMatrix: _filled(np.zeros),
    nodes.LowerOnes: lambda node, values: lambda: np.tri(values.size(node.shape[0]), k=int(node.args[1]))[None],
    nodes.Shift: lambda node, values: lambda: np.eye(values.size(node.shape[0]), k=-1)[None],
    nodes.InverseUnitLower: _always(_inverse_unit_lower),
    nodes.Softmax: _always(softmax),
    nodes.Choice: _always(lambda a, b, u, v: np.asarray(np.where(a > b, u, v))),
    nodes.BatchMean: _always(lambda x: np.broadcast_to(x.mean(axis=-3, keepdims=True), x.shape)),
    nodes.Diag: _always(lambda x: x * np.eye(x.shape[-2])),
    nodes.LogSumExp: _always(log_sum_exp),
    nodes.SumAll: _always(_total),
    nodes.HalfSquaredNorm: _always(lambda x: 0.5 * _total(x**2)),
    nodes.CrossEntropy: _always(lambda o, y: _of_column(y) * log_sum_exp(o) - _of_column(o * y)),
    nodes.CrossEntropySlope: _always(lambda o, y: _of_column(y) * softmax(o) - y),
    nodes.Broadcast: _broadcast,
    nodes.Concat: _always(on_top),
    nodes.Slice: _slice,
    head_nodes.HeadProduct: _of_heads(lambda a, b: a @ b),
    head_nodes.HeadTranspose: _of_heads(lambda x: x.swapaxes(-1, -2)),
    head_nodes.HeadBroadcast: _head_broadcast,
    head_nodes.EachHead: _each_head,
    head_nodes.JoinHeads: _always(lambda x: x),
    head_nodes.SumHeads: _sum_heads,
}
for _kind, _rule in _RULES.items():
    operation.register(_kind, _rule)
