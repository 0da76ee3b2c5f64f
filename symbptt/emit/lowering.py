"""Formulas of one sample as expressions for a batch.

A column becomes an array (N, n), a scalar (N, 1), a matrix (N, r, c); what samples share has no N. Only the last axes are used,
so the same expression also serves arrays with more leading axes.
"""

from collections.abc import Callable
from dataclasses import replace

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import nodes, tidy
from symbptt.algebra.functions import Y, Z, formula
from symbptt.algebra.head_nodes import OfHeads
from symbptt.emit import heads, moved
from symbptt.emit.code import Code
from symbptt.emit.contraction import contracted
from symbptt.emit.scalars import scalar
from symbptt.emit.tree import ATOM, TIMES, Infix, Sum, Tree, Word, call, helper
from symbptt.errors import MissingRule

Leaf = Callable[[sp.MatrixSymbol], Code]
Shape = tuple[sp.Expr, sp.Expr]


class Lowering:
    """Lowers expressions; `leaf` tells the code of a variable, `dimension` the name of a dimension, `batch` the batch shape."""

    def __init__(self, leaf: Leaf, dimension: Callable[[str], str], batch: str = "N") -> None:
        self.leaf, self.dimension, self.batch = leaf, dimension, batch
        self.contracts = False
        self.view: Callable[[MatrixExpr, str, str], str | None] = lambda symbol, axes, tail: None

    def __call__(self, expression: MatrixExpr) -> Code:
        for kind in type(expression).__mro__:
            if kind in _TABLE:
                return _TABLE[kind](self, expression)
        raise MissingRule("NumPy lowering", expression, "symbptt/emit/lowering.py")

    def size(self, expression: sp.Expr) -> str:
        """A dimension as text."""
        return str(self._called(expression)).replace("*", " * ").replace(" *  * ", " ** ")

    def number(self, value: sp.Expr) -> Tree:
        """A coefficient; it may contain dimensions."""
        return scalar(self._called(value), Word("z"))

    def _called(self, value: sp.Expr) -> sp.Expr:
        return value.xreplace({s: sp.Symbol(self.dimension(s.name)) for s in value.free_symbols})

    def shape(self, of: Shape, *lead: str) -> tuple[str, int]:
        """The axes of the array of a matrix or vector, and their number without the leading ones."""
        kept = [self.size(d) for d in of if d != 1] if 1 not in of else [self.size(of[0] if of[1] == 1 else of[1])]
        return ", ".join((*lead, *kept)), len(kept)

    def whole(self, expression: MatrixExpr) -> Code:
        """The code of an expression whose array has the full shape."""
        return self.filled(self(expression), expression.shape)

    def filled(self, code: Code, of: Shape) -> Code:
        """The code of a matrix or vector of this shape, whose array then has it too."""
        if code.rank == 0:
            return Code(call("atleast_1d", code.tree), code.batched, 1)
        if code.full:
            return code
        axes, rank = self.shape(of, *[self.batch] * code.batched)
        return Code(self.spread(code, f"({axes},)" if rank == 1 else f"({axes})"), code.batched, rank)

    def spread(self, code: Code, shape: str) -> Tree:
        """An array of this shape; a number gets the precision of the module."""
        return call("full", shape, code.tree) if code.rank is None else call("broadcast_to", code.tree, shape)

    def transposed(self, code: Code) -> Tree:
        """The transpose of a matrix that samples share."""
        return code.tree.then(".T")


def times_number(lower: Lowering, number: sp.Expr, code: Code) -> Code:
    """A number times a value."""
    if number == 1:
        return code
    minus = bool(number.could_extract_minus_sign())
    value, negative = -number if minus else number, minus != code.negative
    above, below = value.as_numer_denom()
    if value == 1:
        body = code.body
    elif value.is_Rational and value.p == 1 and value.q != 2:
        body = code.body / Word(str(value.q))
    elif below.free_symbols:
        body = (code.body if above == 1 else times_number(lower, above, code.positive).body) / lower.number(below)
    else:
        body = lower.number(value).bound(TIMES) * code.body
    return replace(code, body=body, negative=negative)


def _matmul(lower: Lowering, node: sp.MatMul) -> Code:
    number, factors = tidy.split_number(node)
    if len(factors) == 1 and isinstance(factors[0], OneMatrix):
        negative = bool(number.is_number and number < 0)
        return Code(lower.number(-number if negative else number), False, None, False, negative)
    return times_number(lower, number, lower(factors[0]) if len(factors) == 1 else product(lower, factors))


def product(lower: Lowering, factors: tuple[MatrixExpr, ...]) -> Code:
    """A product of matrices and vectors, associated so that vectors stay vectors."""
    first, last = factors[0], factors[-1]
    if len(factors) == 1:
        return lower.whole(first)
    if isinstance(last, OneMatrix) and 1 in last.shape and not is_row(first):
        return _times_ones(lower, factors[:-1], last, -1)
    if isinstance(first, OneMatrix) and 1 in first.shape:
        return _times_ones(lower, factors[1:], first, -2)
    if is_row(last) and not is_row(first):
        left = tidy.mul(*factors[:-1])
        return _pair(lower, lower.filled(product(lower, factors[:-1]), left.shape), left.shape, lower.whole(last), last.shape)
    tail = tidy.mul(*factors[1:])
    right = lower.filled(product(lower, factors[1:]), tail.shape)
    if isinstance(first, sp.Transpose) and right.rank == 1:
        inner = lower.whole(first.arg)
        if inner.rank == 2 and not inner.batched:
            return Code(right.tree @ inner.tree, right.batched, 1)
    return _pair(lower, lower.whole(first), first.shape, right, tail.shape)


def _times_ones(lower: Lowering, factors: tuple[MatrixExpr, ...], ones: OneMatrix, axis: int) -> Code:
    """A product with ones: a sum over an axis, or a scalar, column or row that is repeated."""
    code = product(lower, factors)
    if tidy.mul(*factors).shape == (1, 1):
        return replace(code, full=False)
    if code.rank == 2:
        weighted = lower.contracts and len(factors) == 1 and isinstance(factors[0], sp.HadamardProduct)
        if weighted and isinstance(code.body, Infix) and not factors[0].has(OfHeads):
            return replace(code, body=contracted(code.body.left, code.body.right, "i" if axis == -1 else "j"), rank=1)
        return code.then(f".sum(axis={axis})", 1)
    if ones.shape[0 if axis == -1 else 1] == 1:
        return code.then("[..., :, None]" if axis == -1 else "[..., None, :]", 2, False)
    return code.then(".sum(axis=-1, keepdims=True)", 1)


def is_row(expression: MatrixExpr) -> bool:
    """Whether an expression is a row of more than one entry."""
    return bool(expression.shape[0] == 1 and expression.shape[1] != 1)


def _pair(lower: Lowering, a: Code, a_shape: Shape, b: Code, b_shape: Shape) -> Code:
    """A B for two arrays; the shapes tell columns from rows where an array has one axis."""
    batched, x, y = a.batched or b.batched, a.tree, b.tree
    if a.rank == 2 and b.rank == 2:
        return Code(x @ y, batched, 2)
    if a.rank == 2:
        return Code((x @ y["..., None"])["..., 0"] if a.batched else y @ lower.transposed(a), batched, 1)
    if b.rank == 2:
        return Code((x["..., None, :"] @ y)["..., 0, :"] if b.batched else x @ y, batched, 1)
    if (1, 1) in (a_shape, b_shape):
        return Code(x * y, batched, 1)
    if a_shape[1] != 1:
        return Code((x * y).then(".sum(axis=-1, keepdims=True)"), batched, 1)
    return Code(x["..., :, None"] * y["..., None, :"], batched, 2)


def _joined(body: Tree, parts: list[Code], negative: bool = False) -> Code:
    """The code of an operation entry by entry."""
    rank = max((p.rank for p in parts if p.rank is not None), default=None)
    full = any(p.full and p.rank is not None for p in parts)
    return Code(body, any(p.batched for p in parts), rank, full, negative)


def _matadd(lower: Lowering, node: sp.MatAdd) -> Code:
    parts = [lower(a) for a in node.args]
    return _joined(Sum(tuple(p.body for p in parts), tuple(p.negative for p in parts)), parts)


def _hadamard(lower: Lowering, node: sp.HadamardProduct) -> Code:
    if (count := heads.split(node)) is not None:
        return heads.elementwise(lower, node, count)
    parts = [lower(a) for a in node.args]
    return _joined(heads.multiplied(parts), parts, sum(p.negative for p in parts) % 2 == 1)


def _transpose(lower: Lowering, node: sp.Transpose) -> Code:
    if isinstance(node.arg, nodes.Concat) and (found := moved.beside(lower, node.arg)) is not None:
        return found
    inner = lower(node.arg)
    if inner.rank != 2:
        return inner
    return inner.then(".swapaxes(-1, -2)", 2) if inner.batched else Code(lower.transposed(inner), False, 2)


def _elementwise(lower: Lowering, node: nodes.Elementwise) -> Code:
    inner = lower(node.operand)
    expression = formula(node)
    body = scalar(expression, inner.tree.bound(ATOM))
    if isinstance(expression, sp.Piecewise) and not any(value.has(Y, Z) for value, _ in expression.args):
        body = call("of_dtype", body)  # a choice of integers would turn float32 into float64
    elif not expression.has(Y, Z):
        return Code(body, False, None, False)
    return Code(body, inner.batched, inner.rank, inner.full)


def _choice(lower: Lowering, node: nodes.Choice) -> Code:
    parts = [lower(a) for a in node.args]
    left, right = (p.tree if p.rank is None else p.tree.then(".real") for p in parts[:2])
    body: Tree = call("where", Infix(">", left, right), parts[2].tree, parts[3].tree)
    if parts[2].rank is None and parts[3].rank is None:
        body = call("of_dtype", body)
    return _joined(body, parts)


def _call(name: str, keeps: bool) -> Callable[[Lowering, MatrixExpr], Code]:
    def lowered(lower: Lowering, node: MatrixExpr) -> Code:
        parts = [lower.whole(a) for a in node.args]
        return Code(helper(name, *(p.tree for p in parts)), any(p.batched for p in parts), parts[0].rank if keeps else 1)

    return lowered


def _batch_mean(lower: Lowering, node: nodes.BatchMean) -> Code:
    inner = lower.whole(node.operand)
    return Code(helper("_batch_mean", inner.tree), True, inner.rank) if inner.batched else inner


def _summed(code: Code, tree: Tree) -> Code:
    """The sum of all entries behind the batch axis."""
    of_matrix = ".sum(axis=(-1, -2))[..., None]" if code.batched else ".sum()[None]"
    return Code(tree.then(of_matrix if code.rank == 2 else ".sum(axis=-1, keepdims=True)"), code.batched, 1)


def _sum_all(lower: Lowering, node: nodes.SumAll) -> Code:
    inner = lower.whole(node.args[0])
    return _summed(inner, inner.tree)


def _half_squared_norm(lower: Lowering, node: nodes.HalfSquaredNorm) -> Code:
    inner = lower.whole(node.args[0])
    total = _summed(inner, inner.tree ** Word("2"))
    return replace(total, body=Word("0.5") * total.body)


def _zeros(lower: Lowering, node: sp.ZeroMatrix) -> Code:
    axes, rank = lower.shape(node.shape)
    return Code(call("zeros", f"({axes},)" if rank == 1 else f"({axes})"), False, rank)


_TABLE: dict[type, Callable[..., Code]] = {
    sp.MatrixSymbol: lambda lower, node: lower.leaf(node),
    sp.MatMul: _matmul,
    sp.MatAdd: _matadd,
    sp.HadamardProduct: _hadamard,
    sp.Transpose: _transpose,
    nodes.Elementwise: _elementwise,
    nodes.Softmax: _call("_softmax", True),
    nodes.LogSumExp: _call("_log_sum_exp", False),
    nodes.CrossEntropy: _call("_cross_entropy", False),
    nodes.CrossEntropySlope: _call("_cross_entropy_slope", True),
    nodes.Choice: _choice,
    nodes.BatchMean: _batch_mean,
    nodes.SumAll: _sum_all,
    nodes.HalfSquaredNorm: _half_squared_norm,
    nodes.Broadcast: moved.spread,
    nodes.Concat: moved.concat,
    nodes.Slice: moved.part,
    **heads.LOWERED,
    OneMatrix: lambda lower, node: Code(Word("1"), False, None, False),
    sp.ZeroMatrix: _zeros,
    sp.Identity: lambda lower, node: Code(call("eye", lower.size(node.shape[0])), False, 2),
    nodes.LowerOnes: lambda lower, node: Code(call("tri", lower.size(node.shape[0]), str(node.args[1])), False, 2),
    nodes.Shift: lambda lower, node: lower(tidy.masks_of(node)),
    nodes.InverseUnitLower: _call("_inverse_unit_lower", True),
}
"""One function per node type that reaches emitted code."""
