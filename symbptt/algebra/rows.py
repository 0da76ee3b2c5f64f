r"""The same mathematics with a sample as a row: every formula transposed, in symbols that stand for the transposes.

Textbooks write z = W h + b with columns; code and books near code write z = h W + b, one sample per row. The second is the first
transposed, if every symbol X is read anew, X' = Xᵀ: a column h is the row h', a weight of shape (O, H) becomes one of (H, O)
under the same name. `rows` takes a formula E in the symbols X to the formula rows(E) in the symbols X' with the value

    rows(E) = Eᵀ        (every leaf of rows(E) has the transposed value of the leaf of E)

It follows that rows(X) = X' for a leaf, and structure by structure, from (AB)ᵀ = BᵀAᵀ and the like:

    rows(A B)  = rows(B) rows(A)          products reverse        rows(f(A)) = f(rows(A))     entry by entry
    rows(A+B)  = rows(A) + rows(B)        sums stay               rows(Aᵀ)   = rows(A)ᵀ       transposes stay
    rows(A∘B)  = rows(A) ∘ rows(B)                                rows(∏ Bⱼ) = the product of rows(Bⱼ), last index left

So W h + b becomes h W + b, a gradient δ hᵀ becomes hᵀ δ, and a gradient has the shape of its variable again. A Jacobian ∂a/∂b
becomes its transpose, whose rows belong to the denominator: da = db (∂a/∂b), and the chain rule reads from left to right. What
this package defines for columns, as softmax or a stack of columns, keeps its definition between two transposes, which the printer
takes as the same function of a row: softmax(oᵀ)ᵀ is printed softmax(o).
"""

from functools import singledispatch

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import head_nodes, nodes, tidy
from symbptt.errors import MissingRule


class DenominatorPartial(nodes.Partial):
    """A derivative in denominator layout: the transpose of the `Partial` with the same arguments."""

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        rows, columns = super().shape
        return (columns, rows)


def _transposed(x: MatrixExpr) -> MatrixExpr:
    """xᵀ, left as it stands; a double transpose cancels."""
    return x.arg if isinstance(x, sp.Transpose) else sp.Transpose(x)


@singledispatch
def rows(expression: MatrixExpr) -> MatrixExpr:
    """The transposed formula in transposed symbols; raises MissingRule for a node type without a rule."""
    raise MissingRule("row layout", expression, "symbptt/algebra/rows.py")


@rows.register
def _symbol(x: sp.MatrixSymbol) -> MatrixExpr:
    name, height, width, *step = x.args
    return x.func(name, width, height, *step)


@rows.register
def _product(x: sp.MatMul) -> MatrixExpr:
    number, factors = tidy.split_number(x)
    made = tuple(rows(factor) for factor in reversed(factors))
    return sp.MatMul(*made) if number == 1 else sp.MatMul(number, *made)


@rows.register(sp.MatAdd)
@rows.register(sp.HadamardProduct)
@rows.register(nodes.SumAll)
@rows.register(nodes.HalfSquaredNorm)
@rows.register(nodes.BatchMean)
@rows.register(nodes.Choice)
def _each(x: MatrixExpr) -> MatrixExpr:
    return x.func(*map(rows, x.args))


@rows.register
def _transpose(x: sp.Transpose) -> MatrixExpr:
    return _transposed(rows(x.arg))


@rows.register
def _identity(x: sp.Identity) -> MatrixExpr:
    return x


@rows.register(OneMatrix)
@rows.register(sp.ZeroMatrix)
def _constant(x: MatrixExpr) -> MatrixExpr:
    return x.func(x.shape[1], x.shape[0])


@rows.register(nodes.LowerOnes)
@rows.register(nodes.Shift)
def _own_name(x: MatrixExpr) -> MatrixExpr:
    return sp.Transpose(x)


@rows.register
def _elementwise(x: nodes.Elementwise) -> MatrixExpr:
    return x.func(*x.args[:-1], rows(x.operand))


@rows.register(nodes.Softmax)
@rows.register(nodes.CrossEntropySlope)
@rows.register(nodes.InverseUnitLower)
@rows.register(nodes.Concat)
@rows.register(head_nodes.HeadProduct)
@rows.register(head_nodes.HeadTranspose)
@rows.register(head_nodes.HeadBroadcast)
@rows.register(head_nodes.EachHead)
@rows.register(head_nodes.SumHeads)
@rows.register(head_nodes.JoinHeads)
def _of_columns(x: MatrixExpr) -> MatrixExpr:
    return _transposed(x.func(*(_transposed(rows(a)) if isinstance(a, MatrixExpr) else a for a in x.args)))


@rows.register(nodes.Diag)
@rows.register(nodes.LogSumExp)
@rows.register(nodes.CrossEntropy)
def _symmetric(x: MatrixExpr) -> MatrixExpr:
    """The value is its own transpose."""
    return x.func(*(_transposed(rows(a)) for a in x.args))


@rows.register
def _slice(x: nodes.Slice) -> MatrixExpr:
    column, start, stop = x.args
    return _transposed(nodes.Slice(_transposed(rows(column)), start, stop))


@rows.register
def _spread(x: nodes.Broadcast) -> MatrixExpr:
    scalar, height, width = x.args
    return nodes.Broadcast(rows(scalar), width, height)


@rows.register
def _partial(x: nodes.Partial) -> MatrixExpr:
    return DenominatorPartial(rows(x.args[0]), rows(x.args[1]), x.args[2])


@rows.register
def _series(x: nodes.SumOver) -> MatrixExpr:
    body, *limits = x.args
    return nodes.SumOver(rows(body), *limits)


@rows.register
def _chain(x: nodes.ProductOver) -> MatrixExpr:
    body, *limits = x.args
    return sp.Transpose(nodes.ProductOver(_transposed(rows(body)), *limits))
