"""A formula of all heads as that of one: what belongs to each head has its index, and what heads share is a sum over it.

The matrices of the heads, which lie below each other, become one matrix of a single head; products of heads become plain ones,
and so do the linear maps that a derivative is made of.
"""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import linear, tidy
from symbptt.algebra.head_nodes import EachHead, HeadBroadcast, HeadProduct, HeadTranspose, JoinHeads, OfHeads, SumHeads, per_head
from symbptt.algebra.heads import HeadLeft, HeadMap, HeadRight, HeadSpread, HeadTotal, transpose
from symbptt.algebra.linear import LinearMap
from symbptt.algebra.nodes import Broadcast, SumOver, is_leaf
from symbptt.algebra.related import Related
from symbptt.model.values import Model


def index(model: Model) -> sp.Symbol:
    """The letter of a head: n, or another one where the model has a variable or dimension of that name."""
    taken = {part for v in model.variables for part in v.name.split("_")} | set(model.dimensions)
    return sp.Symbol(next(letter for letter in ("n", "m", "i", "iota", "nu") if letter not in taken), integer=True)


Mixing = Callable[[MatrixExpr, MatrixExpr], MatrixExpr]
"""What becomes of a node that leads from one head to others, given what it is over, in the formula of one head."""


def one_head(expression: Any, model: Model | None, mixing: Mixing | None = None) -> Any:
    """The formula for one head; of a model without heads the formula itself.

    Without `mixing` a sum over heads is printed as one over their index, and merge_heads and split_heads stay.
    """
    if model is None or model.heads is None or not isinstance(expression, MatrixExpr):
        return expression
    return _one(expression, model, model.heads, mixing)


def _belongs(value: MatrixExpr, model: Model) -> bool:
    """Whether a formula belongs to each head."""
    if is_leaf(value):
        name = value.primal.name if isinstance(value, Related) else value.name
        return any(v.name == name and v.heads is not None for v in model.variables)
    if isinstance(value, SumHeads) or type(value) is JoinHeads:
        return False
    return isinstance(value, OfHeads) or any(_belongs(a, model) for a in value.args if isinstance(a, MatrixExpr))


def _one(value: MatrixExpr, model: Model, heads: sp.Expr, mixing: Mixing | None = None) -> MatrixExpr:
    if is_leaf(value):
        return _shaped(value, heads) if _belongs(value, model) else value
    if mixing is not None and isinstance(value, (SumHeads, JoinHeads)):
        return mixing(value, _constants(_one(value.args[0], model, heads, mixing), heads))
    if isinstance(value, SumHeads):
        body = _constants(_one(value.args[0], model, heads), heads)
        return SumOver(body, index(model), sp.S.One, heads)
    if isinstance(value, JoinHeads):
        return value.func(_one(value.args[0], model, heads), heads)
    if isinstance(value, OfHeads):
        return _plain(value, [_one(a, model, heads, mixing) for a in value.args if isinstance(a, MatrixExpr)], heads)
    args = [_one(a, model, heads, mixing) if isinstance(a, MatrixExpr) else a for a in value.args]
    if _belongs(value, model):
        args = [_constants(a, heads) if isinstance(a, MatrixExpr) else a for a in args]
        if isinstance(value, Broadcast):
            args[1] = per_head(args[1], heads)
    return value.func(*args)


def _shaped(leaf: sp.MatrixSymbol, heads: sp.Expr) -> sp.MatrixSymbol:
    """A symbol of each head in the shape of one."""
    name, rows, columns, *step = leaf.args
    return leaf.func(name, per_head(rows, heads), columns, *step) if _divides(rows, heads) else leaf


def _divides(rows: sp.Expr, heads: sp.Expr) -> bool:
    return not per_head(rows, heads).has(1 / heads)


def _constants(value: MatrixExpr, heads: sp.Expr) -> MatrixExpr:
    """Ones and zeros beside what belongs to a head are those of one head."""
    number, factors = tidy.split_number(value)
    inner = factors[0]
    if len(factors) == 1 and isinstance(inner, (OneMatrix, sp.ZeroMatrix)) and _divides(inner.shape[0], heads):
        return tidy.scale(number, inner.func(per_head(inner.shape[0], heads), inner.shape[1]))
    return value


def _plain(node: OfHeads, operands: list[MatrixExpr], heads: sp.Expr) -> MatrixExpr:
    """The ordinary node for one head."""
    if isinstance(node, HeadProduct):
        a, b = (_constants(x, heads) for x in operands)
        return sp.MatMul(a, b)
    (x,) = operands
    if isinstance(node, HeadTranspose):
        return tidy.transpose(_constants(x, heads))
    if isinstance(node, HeadBroadcast):
        return tidy.spread(x, node.args[1], node.args[2])
    assert isinstance(node, EachHead)
    return x


def map_of_one_head(item: LinearMap, model: Model) -> LinearMap:
    """The map of one head; parts that mix heads stay as they are."""
    if model.heads is None:
        return item
    if isinstance(item, (linear.Sum, linear.Compose)):
        return replace(item, maps=tuple(map_of_one_head(part, model) for part in item.maps))
    if isinstance(item, HeadMap) and item.function is transpose:
        return linear.TransposeMap()
    if isinstance(item, (HeadSpread, HeadTotal)):
        return _repeated(item)
    values = [getattr(item, field.name) for field in fields(item)]  # type: ignore[arg-type]
    alone = [_constants(one_head(v, model), model.heads) if isinstance(v, MatrixExpr) else v for v in values]
    if isinstance(item, (HeadLeft, HeadRight)):
        return linear.Left(alone[0]) if isinstance(item, HeadLeft) else linear.Right(alone[0])
    return item if alone == values else type(item)(*alone)


def _repeated(item: HeadSpread) -> LinearMap:
    """A scalar, column or row that is repeated; the other way round a sum."""
    parts: list[LinearMap] = [linear.RepeatRows(item.rows)] if item.height != item.rows else []
    parts += [linear.RepeatColumns(item.columns)] if item.width != item.columns else []
    spread = linear.BroadcastMap(item.rows, item.columns) if item.height == item.width == 1 else linear.compose(*parts)
    return spread.transposed() if isinstance(item, HeadTotal) else spread
