"""The closed set of nodes that a formula is made of: SymPy's matrix nodes and the few below.

Everything is a `MatrixExpr`, so any formula can be taken into a SymPy session. A sample is a column vector; a scalar is 1x1.
Nodes are built lazily: operators, `doit` and `simplify` of SymPy reorder terms and cost two hundred times as much.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import sympy as sp
from sympy.core.symbol import Str
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.errors import MissingRule

TIME = sp.Symbol("t", integer=True)
"""The step of a template equation."""
SOURCE, BETWEEN = sp.Symbol("k", integer=True), sp.Symbol("j", integer=True)
"""The source step of a term, and the index of its product of state Jacobians."""


def dimension(name: str) -> sp.Symbol:
    """The symbol of a named dimension."""
    return sp.Symbol(name, integer=True, positive=True)


@cache
def _named(name: str) -> Str:
    """A name as a node; a model has few, and unrolled over many steps uses each very often."""
    return Str(name)


def plain(value: Any) -> sp.Basic:
    """A value as an argument of a node."""
    return value if isinstance(value, sp.Basic) else sp.sympify(value)


class Timed(sp.MatrixSymbol):
    """The value of a variable at a step: h_t, h_{t-1}, x_3. Its fourth argument is the step."""

    def __new__(cls, name: str | Str, rows: Any, columns: Any, step: Any) -> Timed:
        text = name if isinstance(name, Str) else _named(name)
        return sp.Basic.__new__(cls, text, plain(rows), plain(columns), plain(step))

    @property
    def step(self) -> sp.Expr:
        """The step, an integer or an expression in `TIME`."""
        return self.args[3]

    @property
    def free_symbols(self) -> set[sp.Basic]:
        return {self} | self.step.free_symbols

    def _sympystr(self, printer: Any) -> str:
        return f"{self.name}[{self.step}]"


class _Node(MatrixExpr):
    """Base of our nodes: arguments are SymPy objects, `cls(*args)` rebuilds the node."""

    def __new__(cls, *args: Any) -> Any:
        return sp.Basic.__new__(cls, *(_named(a) if isinstance(a, str) else plain(a) for a in args))

    def doit(self, **hints: Any) -> Any:
        return self

    def _eval_derivative(self, variable: Any) -> Any:
        raise MissingRule("SymPy derivative (use symbptt.derive)", self, "symbptt/derive/rules.py")


class _Scalar(_Node):
    """A node whose value is one number per sample."""

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return (sp.S.One, sp.S.One)


class _SameShape(_Node):
    """A node with the shape of its last argument."""

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return self.args[-1].shape

    @property
    def operand(self) -> MatrixExpr:
        """The argument that the node acts on."""
        return self.args[-1]


class Elementwise(_SameShape):
    """Elementwise(name, *numeric arguments, X): a function of the table applied to every entry."""

    @property
    def name(self) -> str:
        """The function's name in the table."""
        return self.args[0].name

    @property
    def numbers(self) -> tuple[sp.Expr, ...]:
        """The numeric arguments."""
        return self.args[1:-1]


class Slope(Elementwise):
    """Slope(name, *numeric arguments, X): the function's derivative at every entry."""


class SlopeByResult(Elementwise):
    """SlopeByResult(name, *numeric arguments, Y): the derivative in terms of the value Y = f(X), as 1 - Y^2 for tanh."""


class Softmax(_SameShape):
    """exp(x_i) / sum_j exp(x_j) of a column."""


class Choice(_SameShape):
    """Choice(a, b, u, v): u where a > b, else v, entry by entry; all four have one shape."""


class InverseUnitLower(_SameShape):
    """(I + L)^-1, L what a square matrix has strictly below the diagonal; of heads (M n, n) below each other, each its own."""

    @property
    def heads(self) -> sp.Expr:
        """The number of heads."""
        return sp.expand(self.shape[0] / self.shape[1])


class BatchMean(_SameShape):
    """The mean over the samples of a batch; the one operation that couples samples."""


class Diag(_Node):
    """The square matrix with a column on its diagonal."""

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return (self.args[0].shape[0], self.args[0].shape[0])


class LowerOnes(_Node):
    """LowerOnes(n, k): the n x n matrix with ones where column <= row + k, else zeros: a mask, and a cumulated sum."""

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return (self.args[0], self.args[0])


class Shift(_Node):
    """Shift(n): ones where row = column + 1, else zeros: row i of Shift(n) X is row i - 1 of X, the first is zero."""

    shape = LowerOnes.shape


class LogSumExp(_Scalar):
    """log sum_j exp(x_j) of a column."""


class SumAll(_Scalar):
    """The sum of all entries."""


class HalfSquaredNorm(_Scalar):
    """Half the sum of the squared entries."""


class CrossEntropy(_Scalar):
    """CrossEntropy(o, y) = -sum_j y_j log softmax(o)_j; y sums to one, or is zero where a step has no class."""


class CrossEntropySlope(_Node):
    """The gradient of CrossEntropy(o, y) by o: (sum_j y_j) softmax(o) - y, which is softmax(o) - y as y sums to one."""

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return self.args[0].shape


class Broadcast(_Node):
    """Broadcast(x, rows, columns): a scalar repeated in every entry, a column in every column, or a row in every row."""

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return (self.args[1], self.args[2])


class Concat(_Node):
    """Columns stacked on top of each other."""

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return (sp.Add(*(a.shape[0] for a in self.args)), self.args[0].shape[1])


class Slice(_Node):
    """Slice(x, start, stop): the rows start .. stop-1 of a column."""

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return (self.args[2] - self.args[1], self.args[0].shape[1])


class Partial(_Node):
    """Partial(numerator, denominator, kind): an opaque derivative; kind is "immediate", "total" or "partial"."""

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        rows = self.args[0].shape[0] * self.args[0].shape[1]
        return (rows, self.args[1].shape[0] * self.args[1].shape[1])

    @property
    def kind(self) -> str:
        """Which derivative is meant."""
        return self.args[2].name


class SumOver(_Node):
    """SumOver(body, index, first, last): a matrix sum over an integer index, empty (zero) if last < first."""

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return self.args[0].shape

    @property
    def bound(self) -> sp.Symbol:
        """The summation index."""
        return self.args[1]

    @property
    def free_symbols(self) -> set[sp.Basic]:
        body = self.args[0].free_symbols - {self.args[1]}
        return body | self.args[2].free_symbols | self.args[3].free_symbols

    def _bodies(self) -> list[MatrixExpr]:
        first, last = int(self.args[2]), int(self.args[3])
        return [expand(self.args[0].xreplace({self.args[1]: sp.Integer(i)})) for i in range(first, last + 1)]

    def doit(self, **hints: Any) -> MatrixExpr:
        """The written-out sum; the limits must be integers."""
        terms = self._bodies()
        return sp.MatAdd(*terms) if terms else sp.ZeroMatrix(*self.shape)


class ProductOver(SumOver):
    """ProductOver(body, index, first, last): a directed matrix product, `first` leftmost; the identity if last < first."""

    def doit(self, **hints: Any) -> MatrixExpr:
        """The written-out product; the limits must be integers."""
        factors = self._bodies()
        return sp.MatMul(*factors) if factors else sp.Identity(self.shape[0])


def expand(expression: MatrixExpr) -> MatrixExpr:
    """Write out every `SumOver` and `ProductOver` whose limits are integers."""
    if isinstance(expression, SumOver):
        limits = expression.args[2:]
        return expression.doit() if all(limit.is_Integer for limit in limits) else expression
    if not expression.args or isinstance(expression, sp.MatrixSymbol):
        return expression
    return expression.func(*(expand(a) if isinstance(a, MatrixExpr) else a for a in expression.args))


def is_leaf(expression: sp.Basic) -> bool:
    """Whether the node is a variable rather than an operation."""
    return isinstance(expression, sp.MatrixSymbol)


def leaves(expression: sp.Basic) -> tuple[sp.MatrixSymbol, ...]:
    """The variables in an expression, each once, in reading order."""
    if is_leaf(expression):
        return (expression,)
    found: dict[sp.MatrixSymbol, None] = {}
    for part in expression.args:
        found.update(dict.fromkeys(leaves(part)))
    return tuple(found)


Kinds = tuple[type, ...]

LEAVES: Kinds = (sp.MatrixSymbol, Timed)
CONSTANTS: Kinds = (sp.Identity, OneMatrix, sp.ZeroMatrix, LowerOnes, Shift)
ALGEBRA: Kinds = (sp.MatMul, sp.MatAdd, sp.HadamardProduct, sp.Transpose, SumAll)
NONLINEAR: Kinds = (
    Elementwise, Softmax, Choice, BatchMean, LogSumExp, HalfSquaredNorm, CrossEntropy, InverseUnitLower,
)
"""Nodes that stand alone on a right-hand side."""
STRUCTURE: Kinds = (Concat, Slice, Broadcast)
"""Nodes that move entries: they may stand in a sum, over atoms."""
DERIVED: Kinds = (Slope, SlopeByResult, Diag, CrossEntropySlope)
"""Nodes that derivatives have and models have not."""
PRINTED: Kinds = (Partial, SumOver, ProductOver)
"""Nodes that stand in the printed derivation only."""

NODE_TYPES: Kinds = (*LEAVES, *CONSTANTS, *ALGEBRA, *NONLINEAR, *STRUCTURE, *DERIVED, *PRINTED)
"""Every node type; printers, evaluators and emitters must cover those that reach them, and a contract test looks."""
