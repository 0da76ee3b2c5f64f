"""Formulas written out entry by entry, for a few samples, in any arithmetic: values and derivatives alike.

One table of node types; `verify.scalar_oracle` has another for values in terms of SymPy's own functions.
"""

from collections.abc import Callable, Mapping
from functools import reduce
from itertools import chain, pairwise
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import head_nodes, nodes
from symbptt.errors import Disagreement, MissingRule
from symbptt.verify.exact.arithmetic import Arithmetic, Scalar

Matrix = list[list[Scalar]]
Samples = list[Matrix]
"""A matrix for every sample; what the samples share is there as often."""


class Entries:
    """Writes formulas out; `leaves` holds the entries of the symbols."""

    def __init__(self, arithmetic: Arithmetic, sizes: Mapping[str, int], samples: int) -> None:
        self.arithmetic, self.samples = arithmetic, samples
        self.sizes = {nodes.dimension(name): size for name, size in sizes.items()}
        self.leaves: dict[sp.MatrixSymbol, Samples] = {}

    def __call__(self, node: MatrixExpr) -> Samples:
        """The entries of a formula for every sample; raises MissingRule for a node type without a row in the table."""
        if nodes.is_leaf(node):
            return self.leaves[node]
        operands = [self(a) for a in node.args if isinstance(a, MatrixExpr)]
        if isinstance(node, nodes.BatchMean):
            share = self.number(sp.Rational(1, self.samples))
            return [[[share * entry for entry in row] for row in reduce(_plus, operands[0])]] * self.samples
        rule = _NODES.get(type(node))
        if rule is None:
            raise MissingRule("exact form", node, "symbptt/verify/exact/entries.py")
        _check_shapes(node, [(len(matrix), len(matrix[0]) if matrix else 0) for matrix, *_ in operands])
        return [rule(self, node, *(operand[n] for operand in operands)) for n in range(self.samples)]

    def shape(self, node: MatrixExpr) -> tuple[int, int]:
        """Rows and columns as numbers."""
        return self.size(node.shape[0]), self.size(node.shape[1])

    def size(self, expression: sp.Expr) -> int:
        """A dimension as a number."""
        return int(expression.xreplace(self.sizes))

    def number(self, expression: sp.Expr) -> Scalar:
        """A coefficient, which may contain dimensions."""
        return self.arithmetic.number(sp.sympify(expression.xreplace(self.sizes)))

    def filled(self, node: MatrixExpr, entry: Callable[[int, int], Scalar]) -> Matrix:
        """A matrix of a node's shape."""
        rows, columns = self.shape(node)
        return [[entry(i, j) for j in range(columns)] for i in range(rows)]


def _check_shapes(node: MatrixExpr, shapes: list[tuple[int, int]]) -> None:
    """SymPy does not check shapes with symbols in them, and a wrong rule may give such a formula."""
    product = isinstance(node, sp.MatMul) and any(a[1] != b[0] for a, b in pairwise(shapes))
    if product or (isinstance(node, (sp.MatAdd, sp.HadamardProduct)) and len(set(shapes)) > 1):
        raise Disagreement(f"the shapes of {node} do not fit: {', '.join(map(str, shapes))}")


def _map(f: Callable[..., Scalar], *matrices: Matrix) -> Matrix:
    return [[f(*entries) for entries in zip(*rows, strict=True)] for rows in zip(*matrices, strict=True)]


def _sum(items: list[Scalar]) -> Scalar:
    # SymPy builds a sum of many terms in one go.
    return sp.Add(*items) if all(isinstance(item, sp.Basic) for item in items) else reduce(lambda a, b: a + b, items)


def _plus(a: Matrix, b: Matrix) -> Matrix:
    return _map(lambda x, y: x + y, a, b)


def _times(a: Matrix, b: Matrix) -> Matrix:
    return [[_sum([x * y for x, y in zip(row, column, strict=True)]) for column in zip(*b, strict=True)] for row in a]


def _flat(a: Matrix) -> list[Scalar]:
    return list(chain.from_iterable(a))


def _product(e: Entries, node: Any, *factors: Matrix) -> Matrix:
    number = sp.Mul(*(a for a in node.args if not isinstance(a, MatrixExpr)))
    product = reduce(_times, factors)
    return product if number == 1 else _map(lambda entry: e.number(number) * entry, product)


def _elementwise(e: Entries, node: Any, a: Matrix) -> Matrix:
    return _map(lambda entry: e.arithmetic.apply(node.name, node.numbers, entry), a)


def _slope(e: Entries, node: Any, a: Matrix) -> Matrix:
    return _map(lambda entry: e.arithmetic.slope(node.name, node.numbers, entry), a)


def _slope_by_result(e: Entries, node: Any, a: Matrix) -> Matrix:
    return _map(lambda entry: e.arithmetic.slope_by_result(node.name, node.numbers, entry), a)


def _exponentials(e: Entries, a: Matrix) -> Matrix:
    return _map(lambda entry: e.arithmetic.apply("exp", (), entry), a)


def _softmax(e: Entries, node: Any, a: Matrix) -> Matrix:
    powers = _exponentials(e, a)
    total = _sum(_flat(powers))
    return _map(lambda entry: e.arithmetic.divide(entry, total), powers)


def _log_sum_exp(e: Entries, node: Any, a: Matrix) -> Matrix:
    return [[e.arithmetic.apply("log", (), _sum(_flat(_exponentials(e, a))))]]


def _dot(a: Matrix, b: Matrix) -> Scalar:
    return _sum([x * y for x, y in zip(_flat(a), _flat(b), strict=True)])


def _cross_entropy(e: Entries, node: Any, o: Matrix, y: Matrix) -> Matrix:
    return [[_sum(_flat(y)) * _log_sum_exp(e, node, o)[0][0] + e.number(sp.S.NegativeOne) * _dot(y, o)]]


def _cross_entropy_slope(e: Entries, node: Any, o: Matrix, y: Matrix) -> Matrix:
    weight = _sum(_flat(y))
    return _map(lambda p, q: weight * p + e.number(sp.S.NegativeOne) * q, _softmax(e, node, o), y)


def _diag(e: Entries, node: Any, a: Matrix) -> Matrix:
    zero = e.number(sp.S.Zero)
    return e.filled(node, lambda i, j: a[i][0] if i == j else zero)


def _choice(e: Entries, node: Any, *operands: Matrix) -> Matrix:
    minus = e.number(sp.S.NegativeOne)

    def chosen(a: Scalar, b: Scalar, u: Scalar, v: Scalar) -> Scalar:
        above = e.arithmetic.apply("step", (), a + minus * b)
        return above * u + (e.number(sp.S.One) + minus * above) * v

    return _map(chosen, *operands)


def _inverse_unit_lower(e: Entries, node: Any, a: Matrix) -> Matrix:
    inverse = [[e.number(sp.Integer(int(i == j))) for j in range(len(a))] for i in range(len(a))]
    minus = e.number(sp.S.NegativeOne)
    for i in range(1, len(a)):
        inverse[i] = [_sum([inverse[i][j], *(minus * a[i][m] * inverse[m][j] for m in range(i))]) for j in range(len(a))]
    return inverse


def _of_heads(rule: Callable[..., Matrix]) -> Callable[..., Matrix]:
    """What a rule makes of the rows of each head, one below the other."""

    def applied(e: Entries, node: Any, *operands: Matrix) -> Matrix:
        count = e.size(node.heads)
        heads = [[part[len(part) * h // count : len(part) * (h + 1) // count] for part in operands] for h in range(count)]
        return [row for parts in heads for row in rule(e, node, *parts)]

    return applied


def _head_spread(e: Entries, node: Any, a: Matrix) -> Matrix:
    rows, columns = e.size(node.args[1]), e.size(node.args[2])
    return [[a[i if len(a) > 1 else 0][j if len(a[0]) > 1 else 0] for j in range(columns)] for i in range(rows)]


def _sum_heads(e: Entries, node: Any, a: Matrix) -> Matrix:
    height = len(a) // e.size(node.heads)
    return reduce(_plus, (a[start : start + height] for start in range(0, len(a), height)))


def _constant(value: Callable[[int, int], int]) -> Callable[..., Matrix]:
    return lambda e, node: e.filled(node, lambda i, j: e.number(sp.Integer(value(i, j))))


_NODES: dict[type, Callable[..., Matrix]] = {
    sp.MatMul: _product,
    sp.MatAdd: lambda e, node, *a: reduce(_plus, a),
    sp.HadamardProduct: lambda e, node, *a: reduce(lambda x, y: _map(lambda p, q: p * q, x, y), a),
    sp.Transpose: lambda e, node, a: [list(column) for column in zip(*a, strict=True)],
    sp.Identity: _constant(lambda i, j: int(i == j)),
    OneMatrix: _constant(lambda i, j: 1),
    sp.ZeroMatrix: _constant(lambda i, j: 0),
    nodes.LowerOnes: lambda e, node: e.filled(node, lambda i, j: e.number(sp.Integer(int(j <= i + int(node.args[1]))))),
    nodes.Shift: lambda e, node: e.filled(node, lambda i, j: e.number(sp.Integer(int(i == j + 1)))),
    nodes.InverseUnitLower: _of_heads(_inverse_unit_lower),
    nodes.Elementwise: _elementwise,
    nodes.Slope: _slope,
    nodes.SlopeByResult: _slope_by_result,
    nodes.Softmax: _softmax,
    nodes.Choice: _choice,
    nodes.LogSumExp: _log_sum_exp,
    nodes.CrossEntropy: _cross_entropy,
    nodes.CrossEntropySlope: _cross_entropy_slope,
    nodes.SumAll: lambda e, node, a: [[_sum(_flat(a))]],
    nodes.HalfSquaredNorm: lambda e, node, a: [[e.number(sp.Rational(1, 2)) * _dot(a, a)]],
    nodes.Diag: _diag,
    nodes.Broadcast: lambda e, node, a: e.filled(node, lambda i, j: a[i if len(a) > 1 else 0][j if len(a[0]) > 1 else 0]),
    head_nodes.HeadProduct: _of_heads(lambda e, node, a, b: _times(a, b)),
    head_nodes.HeadTranspose: _of_heads(lambda e, node, a: [list(column) for column in zip(*a, strict=True)]),
    head_nodes.HeadBroadcast: _of_heads(_head_spread),
    head_nodes.EachHead: lambda e, node, a: a * e.size(node.heads),
    head_nodes.SumHeads: _sum_heads,
    head_nodes.JoinHeads: lambda e, node, a: a,
    head_nodes.CutHeads: lambda e, node, a: a,
    nodes.Concat: lambda e, node, *a: [row for part in a for row in part],
    nodes.Slice: lambda e, node, a: a[e.size(node.args[1]) : e.size(node.args[2])],
}
