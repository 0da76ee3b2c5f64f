"""The oracle's arithmetic: what each node and each function means for lists of scalar SymPy expressions."""

from collections.abc import Callable, Mapping
from functools import reduce
from itertools import chain
from typing import Any

import sympy as sp
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import head_nodes, nodes
from symbptt.algebra.functions import FUNCTIONS
from symbptt.errors import UnknownName

Matrix = list[list[sp.Expr]]
Dims = Mapping[str, int]


class Step(sp.Function):
    """1 above zero, else 0, left opaque: SymPy's Piecewise simplifies conditions that hold others, without an end."""

    @classmethod
    def eval(cls, argument: sp.Expr) -> sp.Expr | None:
        return sp.Integer(bool(argument > 0)) if isinstance(argument, sp.Number) else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return sp.S.Zero


class Constant(sp.Function):
    """Its argument, whose derivative is taken to be zero."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return sp.S.Zero


NUMERIC = [{"Step": lambda z: float(z > 0), "Constant": lambda z: z}, "math"]
"""What evaluates expressions of this file, for `lambdify`."""


def sized(expression: sp.Expr, dims: Dims) -> sp.Expr:
    """A number such as H + D or 1/H with the sizes put in."""
    return expression.subs([(symbol, dims[symbol.name]) for symbol in expression.free_symbols])


def mean(samples: list[Matrix]) -> Matrix:
    """The mean over the samples of a batch."""
    return _map(lambda *entries: sp.Add(*entries) / len(entries), *samples)


def _map(f: Callable[..., sp.Expr], *matrices: Matrix) -> Matrix:
    return [[f(*entries) for entries in zip(*rows, strict=True)] for rows in zip(*matrices, strict=True)]


def _times(a: Matrix, b: Matrix) -> Matrix:
    return [[sp.Add(*(a[i][k] * b[k][j] for k in range(len(b)))) for j in range(len(b[0]))] for i in range(len(a))]


def _size(expression: sp.Expr, dims: Dims) -> int:
    return int(sized(expression, dims))


def _flat(a: Matrix) -> list[sp.Expr]:
    return list(chain.from_iterable(a))


def _product(dims: Dims, node: Any, *factors: Matrix) -> Matrix:
    number = sized(sp.Mul(*(a for a in node.args if not getattr(a, "is_Matrix", False))), dims)
    return _map(lambda entry: number * entry, reduce(_times, factors))


def _softmax(dims: Dims, node: Any, a: Matrix) -> Matrix:
    return _map(lambda entry: sp.exp(entry) / sp.Add(*map(sp.exp, _flat(a))), a)


def _cross_entropy(dims: Dims, node: Any, o: Matrix, y: Matrix) -> Matrix:
    normaliser = sp.log(sp.Add(*map(sp.exp, _flat(o))))
    return [[sp.Add(*(p * (normaliser - z) for z, p in zip(_flat(o), _flat(y), strict=True)))]]


def _elementwise(dims: Dims, node: nodes.Elementwise, a: Matrix) -> Matrix:
    if node.name not in _FUNCTIONS:
        raise UnknownName("function", node.name, _FUNCTIONS, "symbptt/verify/scalar_nodes.py")
    return _map(lambda entry: _FUNCTIONS[node.name](entry, *node.numbers), a)


def _inverse_unit_lower(dims: Dims, node: Any, a: Matrix) -> Matrix:
    n = len(a)
    inverse = [[sp.Integer(int(i == j)) for j in range(n)] for i in range(n)]
    for i in range(n):
        inverse[i] = [sp.Add(inverse[i][j], *(-a[i][m] * inverse[m][j] for m in range(i))) for j in range(n)]
    return inverse


def _repeated(a: Matrix, rows: int, columns: int) -> Matrix:
    wide = [row * columns if len(row) == 1 else row for row in a]
    return wide * rows if len(wide) == 1 else wide


def _of_heads(rule: Callable[..., Matrix]) -> Callable[..., Matrix]:
    """What a rule makes of the rows of each head, one below the other."""

    def applied(dims: Dims, node: head_nodes.OfHeads, *operands: Matrix) -> Matrix:
        count = _size(node.heads, dims)
        cut = [[part[len(part) // count * h : len(part) // count * (h + 1)] for part in operands] for h in range(count)]
        return [row for parts in cut for row in rule(dims, node, *parts)]

    return applied


def _sum_heads(dims: Dims, node: head_nodes.OfHeads, a: Matrix) -> Matrix:
    height = len(a) // _size(node.heads, dims)
    return [[sp.Add(*column) for column in zip(*a[i::height], strict=True)] for i in range(height)]


def _fill(f: Callable[[int, int], int]) -> Callable[..., Matrix]:
    def rule(dims: Dims, node: Any) -> Matrix:
        rows, columns = (_size(n, dims) for n in node.shape)
        return [[sp.Integer(f(i, j)) for j in range(columns)] for i in range(rows)]

    return rule


NODES: dict[type, Callable[..., Matrix]] = {
    sp.MatMul: _product,
    sp.MatAdd: lambda dims, node, *a: _map(sp.Add, *a),
    sp.HadamardProduct: lambda dims, node, *a: _map(sp.Mul, *a),
    sp.Transpose: lambda dims, node, a: [list(column) for column in zip(*a, strict=True)],
    sp.Identity: _fill(lambda i, j: int(i == j)),
    OneMatrix: _fill(lambda i, j: 1),
    sp.ZeroMatrix: _fill(lambda i, j: 0),
    nodes.LowerOnes: lambda dims, node: _fill(lambda i, j: int(j <= i + int(node.args[1])))(dims, node),
    nodes.Shift: lambda dims, node: _fill(lambda i, j: int(i == j + 1))(dims, node),
    nodes.InverseUnitLower: _of_heads(_inverse_unit_lower),
    nodes.Elementwise: _elementwise,
    nodes.Softmax: _softmax,
    nodes.Choice: lambda dims, node, *abuv: _map(lambda a, b, u, v: _either(a - b, u, v), *abuv),
    nodes.Diag: lambda dims, node, a: [[a[i][0] if i == j else sp.S.Zero for j in range(len(a))] for i in range(len(a))],
    nodes.LogSumExp: lambda dims, node, a: [[sp.log(sp.Add(*map(sp.exp, _flat(a))))]],
    nodes.SumAll: lambda dims, node, a: [[sp.Add(*_flat(a))]],
    nodes.HalfSquaredNorm: lambda dims, node, a: [[sp.Add(*(entry**2 for entry in _flat(a))) / 2]],
    nodes.CrossEntropy: _cross_entropy,
    nodes.Broadcast: lambda dims, node, a: _repeated(a, _size(node.shape[0], dims), _size(node.shape[1], dims)),
    head_nodes.HeadProduct: _of_heads(lambda dims, node, a, b: _times(a, b)),
    head_nodes.HeadTranspose: _of_heads(lambda dims, node, a: [list(column) for column in zip(*a, strict=True)]),
    head_nodes.HeadBroadcast: _of_heads(
        lambda dims, node, a: _repeated(a, _size(node.args[1], dims), _size(node.args[2], dims))
    ),
    head_nodes.EachHead: lambda dims, node, a: a * _size(node.heads, dims),
    head_nodes.SumHeads: _sum_heads,
    head_nodes.JoinHeads: lambda dims, node, a: a,
    head_nodes.CutHeads: lambda dims, node, a: a,
    nodes.Concat: lambda dims, node, *a: [row for part in a for row in part],
    nodes.Slice: lambda dims, node, a: a[_size(node.args[1], dims) : _size(node.args[2], dims)],
}


HALF = sp.Rational(1, 2)


def _either(condition: sp.Expr, yes: sp.Expr, no: sp.Expr) -> sp.Expr:
    """`yes` where the condition is above zero, else `no`."""
    return Step(condition) * yes + (1 - Step(condition)) * no


_FUNCTIONS: dict[str, Callable[..., sp.Expr]] = {
    "identity": lambda z: z,
    "tanh": sp.tanh,
    "sigmoid": lambda z: 1 / (1 + sp.exp(-z)),
    "relu": lambda z: z * Step(z),
    "leaky_relu": lambda z, slope: _either(z, z, slope * z),
    "elu": lambda z, alpha: _either(z, z, alpha * (sp.exp(z) - 1)),
    "softplus": lambda z: sp.log(1 + sp.exp(z)),
    "silu": lambda z: z / (1 + sp.exp(-z)),
    "gelu": lambda z: z * (1 + sp.tanh(sp.sqrt(2 / sp.pi) * (z + sp.Rational("0.044715") * z**3))) / 2,
    "hard_sigmoid": lambda z, slope: _either(slope * z - HALF, sp.S.One, _either(slope * z + HALF, slope * z + HALF, sp.S.Zero)),
    "hard_tanh": lambda z: _either(z - 1, sp.S.One, _either(z + 1, z, sp.S.NegativeOne)),
    "clip": lambda z, lo, hi: _either(z - hi, hi, _either(z - lo, z, lo)),
    "log_sigmoid": lambda z: -sp.log(1 + sp.exp(-z)),
    "step": Step,
    "stop_gradient": Constant,
    "sin": sp.sin,
    "cos": sp.cos,
    "exp": sp.exp,
    "log": sp.log,
    "sqrt": sp.sqrt,
    "abs": lambda z: _either(z, z, -z),
    "reciprocal": lambda z: 1 / z,
    "power": lambda z, n: z**n,
    "huber": lambda z, d: _either(z - d, d * (z - d / 2), _either(z + d, z**2 / 2, d * (-z - d / 2))),
    **{row.name: row.scalar for row in FUNCTIONS.values() if row.scalar is not None},
}
"""Written apart from the table of `algebra`; a function of an installed package brings its own definition."""
