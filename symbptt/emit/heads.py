"""Formulas of heads as expressions: an axis of M heads, and behind it that of one head; products are batched over the heads.

Outside of such a product the heads of an array lie below each other, (..., M r, c), which is a view of (..., M, r, c).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce
from operator import mul

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import heads as of
from symbptt.algebra import tidy
from symbptt.algebra.head_nodes import EachHead, HeadBroadcast, HeadProduct, HeadTranspose, JoinHeads, OfHeads, SumHeads, per_head
from symbptt.algebra.nodes import is_leaf
from symbptt.emit.code import Code, Lowers, place
from symbptt.emit.tree import Infix, Items, Tree
from symbptt.errors import BadInput
from symbptt.model.values import Model

Shape = tuple[sp.Expr, sp.Expr]


def check(model: Model, mode: str) -> None:
    """Raise BadInput for what is not emitted of a model with heads."""
    if model.heads is not None and mode != "reverse":
        raise BadInput(f"{model.name} has heads, which are emitted in reverse mode, not in forward mode")


def split(value: MatrixExpr) -> sp.Expr | None:
    """The number of heads if a product is better written with an axis for them: where a factor repeats itself in each head."""
    return next((f.heads for f in value.args if isinstance(f, (HeadBroadcast, EachHead))), None)


def multiplied(parts: list[Code]) -> Tree:
    """The product of values entry by entry, without their signs."""
    return reduce(mul, (part.body for part in parts))


def _axes(lower: Lowers, code: Code, *sizes: sp.Expr) -> str:
    """An array's axes, those of samples in front; no size of one but a lone one."""
    kept = [lower.size(size) for size in sizes if size != 1] or ["1"]
    return ", ".join([*([lower.batch] if code.batched else []), *kept])


def apart(lower: Lowers, value: MatrixExpr, heads: sp.Expr, tail: str = "") -> Code:
    """The code of a value with the axis of heads in front of its own: (..., M, r, c), without r or c where that is 1.

    `tail` is an index behind it, such as [..., None].
    """
    rows, columns = per_head(value.shape[0], heads), value.shape[1]
    rank = (rows != 1) + (columns != 1)
    number, factors = tidy.split_number(value)
    inner = factors[0] if number == 1 and len(factors) == 1 else value
    if isinstance(inner, sp.HadamardProduct):
        parts = [apart(lower, factor, heads) for factor in inner.args]
        negative = sum(p.negative for p in parts) % 2 == 1
        return _tailed(Code(multiplied(parts), any(p.batched for p in parts), rank, negative=negative), tail)
    if isinstance(inner, HeadBroadcast):
        x = inner.args[0]
        height, width = per_head(x.shape[0], heads), x.shape[1]
        index = ["None" if own == 1 else ":" for own, full in ((height, rows), (width, columns)) if full != 1]
        return replace(_tailed(apart(lower, x, heads, f"[..., {', '.join(index)}]"), tail), rank=rank)
    if isinstance(inner, EachHead):
        code = lower.whole(inner.args[0])
        return _tailed(replace(_tailed(code, f"[..., None, {', '.join([':'] * rank)}]" if rank else ""), rank=rank), tail)
    if isinstance(inner, HeadTranspose):
        return apart(lower, inner.args[0], heads, (".swapaxes(-1, -2)" if rank == 2 else "") + tail)
    if isinstance(inner, HeadProduct) and not any(isinstance(a, (EachHead, OneMatrix)) for a in inner.args):
        operation = Operation.of(lower, inner)
        return _tailed(operation.code(), operation.back + tail)
    code = lower.whole(value)
    axes = _axes(lower, code, heads, rows, columns)
    found = lower.view(value, axes, tail) if is_leaf(value) and (rows != 1 or tail) else None
    if found is not None:
        return place(found, code.batched, rank)
    return _tailed(code if rows == 1 else code.then(f".reshape({axes})", rank), tail)


def _tailed(code: Code, tail: str) -> Code:
    return replace(code, body=code.tree.then(tail), negative=False) if tail else code


def together(lower: Lowers, code: Code, shape: Shape, heads: sp.Expr, full: bool = True) -> Code:
    """The code of a value whose heads lie below each other again."""
    rows, columns = shape
    rank = 2 if columns != 1 else 1
    if full and per_head(rows, heads) == 1:
        return replace(code, rank=rank)
    return code.then(f".reshape({_axes(lower, code, rows, columns)})", rank)


def plain(term: MatrixExpr) -> MatrixExpr:
    """A product of all heads with what they share is a product of matrices: A_n x, the heads below each other, is A x."""
    number, factors = tidy.split_number(term)
    if len(factors) == 1 and isinstance(factors[0], HeadProduct) and isinstance(factors[0].args[1], EachHead):
        a, b, _ = factors[0].args
        return tidy.scale(number, tidy.mul(a, b.args[0]))
    return term


@dataclass(frozen=True)
class Operation:
    """A B of each head as one call: its sign, what stands on both sides, and which index takes the result to its own axes.

    `ahead` is the index that adds to an array the axes of one that the call has in excess. With "sum" it is no such call.
    """

    sign: str
    left: Code
    right: Code
    ahead: str = ""
    back: str = ""

    @staticmethod
    def of(lower: Lowers, node: HeadProduct) -> Operation:
        """The call for a product; batched over samples and heads."""
        a, b, heads = node.args
        r, c, d = per_head(a.shape[0], heads), a.shape[1], b.shape[1]
        if c == 1:
            left = apart(lower, a, heads, "[..., None]" if d != 1 else "")
            right = apart(lower, b, heads, "" if r == 1 else "[..., None, :]" if d != 1 else "[..., None]")
            return Operation("*", left, right)
        if r == d == 1:
            return Operation("sum", apart(lower, a, heads), apart(lower, b, heads))
        if d == 1 and isinstance(a, HeadTranspose):  # x^T A is quicker than A^T x
            row = apart(lower, b, heads, "[..., None, :]")
            return Operation("@", row, apart(lower, a.args[0], heads), "[..., None, :]", "[..., 0, :]")
        if d == 1:
            return Operation("@", apart(lower, a, heads), apart(lower, b, heads, "[..., None]"), "[..., None]", "[..., 0]")
        if r == 1:
            row = apart(lower, a, heads, "[..., None, :]")
            return Operation("@", row, apart(lower, b, heads), "[..., None, :]", "[..., 0, :]")
        return Operation("@", apart(lower, a, heads), apart(lower, b, heads))

    def code(self) -> Code:
        """As an expression; an axis that is in excess is still there."""
        batched = self.left.batched or self.right.batched
        left, right = self.left.tree, self.right.tree
        return Code((left * right).then(".sum(axis=-1)") if self.sign == "sum" else Infix(self.sign, left, right), batched, None)


def product(lower: Lowers, node: HeadProduct) -> Code:
    """A B of each head."""
    a, b, heads = node.args
    if isinstance(b, EachHead):
        return lower(plain(node))
    r, c, d = per_head(a.shape[0], heads), a.shape[1], b.shape[1]
    if isinstance(b, OneMatrix) and d == 1:
        inner = a.args[1] if isinstance(a, HeadProduct) and isinstance(a.args[0], OneMatrix) and r == 1 else a
        code = lower.whole(inner)
        whole = "" if inner is a else f".reshape({_axes(lower, code, heads, sp.expand(inner.shape[0] / heads * c))})"
        return code.then(f"{whole}.sum(axis=-1)", 1)
    if isinstance(a, OneMatrix) and r == 1:
        code = apart(lower, b, heads)
        return code.then(".sum(axis=-1)", 1) if d == 1 else code.then(".sum(axis=-2)", 2)
    operation = Operation.of(lower, node)
    if r == 1 and operation.back:
        return operation.code().then(operation.back, 2)
    return together(lower, operation.code(), node.shape, heads)


def transpose(lower: Lowers, node: HeadTranspose) -> Code:
    """X^T of each head."""
    value, heads = node.args
    rows, columns = per_head(value.shape[0], heads), value.shape[1]
    code = apart(lower, value, heads)
    if rows == 1:
        return code.then(f".reshape({_axes(lower, code, node.shape[0])})", 1)
    if columns == 1:
        return replace(code, rank=2)
    return together(lower, code.then(".swapaxes(-1, -2)", None), node.shape, heads)


def repeated(lower: Lowers, node: OfHeads) -> Code:
    """What repeats itself within each head, or in each of them, with all its entries."""
    heads, (rows, columns) = node.heads, node.shape
    code = apart(lower, node, heads)
    kept = [heads, *(size for size in (per_head(rows, heads), columns) if size != 1)]
    shape = ", ".join([*([lower.batch] if code.batched else []), *map(lower.size, kept)])
    full = lower.spread(code, f"({shape}{',' if ',' not in shape else ''})")
    return together(lower, Code(full, code.batched, len(kept)), node.shape, heads)


def elementwise(lower: Lowers, node: sp.HadamardProduct, heads: sp.Expr) -> Code:
    """A product with factors that repeat themselves in the heads, which broadcast along an axis of their own."""
    return together(lower, apart(lower, node, heads), node.shape, heads, False)


def total(lower: Lowers, node: SumHeads) -> Code:
    """The sum over the heads; that of products is one product of all heads."""
    value, heads = node.args
    if isinstance(value, HeadProduct):
        a, b, _ = value.args
        return lower(tidy.mul(tidy.transpose(of.transpose(a, heads)), b))
    rows, columns = node.shape
    code = apart(lower, value, heads)
    axis = -1 - (rows != 1) - (columns != 1)
    keep = ", keepdims=True" if rows == columns == 1 else ""
    return code.then(f".sum(axis={axis}{keep})", max(1, -1 - axis))


@dataclass(frozen=True)
class Outer:
    """A column (r) times a row (d) of each head, which a parameter collects over samples.

    `shared` is a column that heads share; `total` is the sum over the heads.
    """

    column: MatrixExpr
    row: MatrixExpr
    heads: sp.Expr
    r: sp.Expr
    d: sp.Expr
    shared: bool
    total: bool

    @staticmethod
    def of(node: MatrixExpr) -> Outer | None:
        """The parts of such a product; None for another formula."""
        inner = node.args[0] if isinstance(node, SumHeads) else node
        if not isinstance(inner, HeadProduct) or isinstance(inner.args[1], EachHead):
            return None
        a, b, heads = inner.args
        r, d, shared = per_head(a.shape[0], heads), b.shape[1], isinstance(a, EachHead)
        if a.shape[1] != 1 or r == 1 or (d == 1 and not shared):
            return None
        total = inner is not node
        return Outer(a.args[0] if shared and not total else a, b, heads, r, d, shared and not total, total)

    def below(self, lower: Lowers, beside: Tree) -> Tree:
        """From a shared column times the rows of the heads beside each other, (r, M d), to the heads below each other."""
        height, count, width = map(lower.size, (self.r, self.heads, self.d))
        back = f".swapaxes(0, 1).reshape({count} * {height}, {width})"
        return Items((beside,)).then(f".reshape({height}, {count}, {width}){back}")


def summed_over_samples(lower: Lowers, node: MatrixExpr) -> Code | None:
    """What a parameter collects from the product of a column and a row of each head, over all samples in one product."""
    outer = Outer.of(node)
    if outer is None:
        return None
    left, right = lower.whole(outer.column), apart(lower, outer.row, outer.heads)
    if not (left.batched and right.batched) or left.negative or right.negative:
        return None
    height, width, count = map(lower.size, (outer.r, outer.d, outer.heads))
    rows, one, other = f"{lower.batch} * {count}", left.tree, right.tree
    if outer.total:
        found = one.then(f".reshape({rows}, {height}).T") @ other.then(f".reshape({rows}, {width})")
    elif outer.d == 1:
        return Code((other.then(".T") @ one).then(f".reshape({count} * {height})"), False, 1)
    elif outer.shared:
        found = outer.below(lower, one.then(".T") @ other.then(f".reshape({lower.batch}, {count} * {width})"))
    else:
        columns = one.then(f".reshape({lower.batch}, {count}, {height}).transpose(1, 2, 0)")
        found = (columns @ other.then(".swapaxes(0, 1)")).then(f".reshape({count} * {height}, {width})")
    return Code(found, False, 2)


LOWERED: dict[type, Callable[..., Code]] = {
    HeadProduct: product,
    HeadTranspose: transpose,
    HeadBroadcast: repeated,
    EachHead: repeated,
    SumHeads: total,
    JoinHeads: lambda lower, node: lower(node.args[0]),
}
"""One function per node of heads."""
