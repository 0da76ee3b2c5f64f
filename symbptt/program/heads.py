"""Entries of the nodes of heads: the row of a value that belongs to heads is one of a head, m * r + i.

A formula that has such nodes is brought into a form in which only entry by entry formulas stand around them; the subscripts of a
row are then a head and a row of that head wherever a rule here needs them.
"""

from collections.abc import Callable, Iterator

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import nodes, tidy
from symbptt.algebra.head_nodes import (
    HEADS,
    EachHead,
    HeadBroadcast,
    HeadProduct,
    HeadTranspose,
    JoinHeads,
    OfHeads,
    SumHeads,
    per_head,
)
from symbptt.program.ir import Expr, Index, Subscript, fixed
from symbptt.program.lower import At, Lowering, lower, over, total
from symbptt.program.walk import times

_ENTRYWISE = (sp.MatAdd, sp.HadamardProduct, nodes.Elementwise, nodes.Choice, nodes.Broadcast)
BY_HEAD = (HeadProduct, HeadTranspose, HeadBroadcast, EachHead, SumHeads)
"""The nodes whose entries are those of one head; around others a row of a head is a row as any."""
_WRAPPED = (HeadTranspose, EachHead, HeadBroadcast, JoinHeads)


def entries(shape: tuple[sp.Expr, sp.Expr], heads: sp.Expr | None = None) -> tuple[Subscript, Subscript]:
    """The subscripts of all entries of a matrix, whose rows are those of heads where they can be."""
    i, j = (fixed(0) if size == 1 else Subscript(Index(name, size)) for name, size in zip("ij", shape, strict=True))
    rows = shape[0] / heads if heads is not None else sp.S.Half
    if sp.expand(rows).as_numer_denom()[1] != 1:
        return i, j
    rows = sp.expand(rows)
    return _row(Subscript(Index("m", heads)), fixed(0) if rows == 1 else Subscript(Index("i", rows)), rows), j


def _row(head: Subscript, row: Subscript, rows: sp.Expr) -> Subscript:
    """The row of a head among those of all heads."""
    return head if rows == 1 else Subscript(row.index, row.by, head.index, rows)


def _of_head(row: Subscript, rows: sp.Expr) -> tuple[Subscript, Subscript]:
    """The head of a row, and the row in it."""
    if rows == 1:
        return row, fixed(0)
    assert row.head is not None, "the rows of heads are counted by head"
    return Subscript(row.head), Subscript(row.index, row.by)


def apart(value: MatrixExpr, hold: Callable[[MatrixExpr], MatrixExpr]) -> MatrixExpr:
    """The formula with what cannot be written entry by entry around heads, or below them, in buffers of its own."""
    if not value.has(*HEADS):
        return value
    return value.xreplace({node: hold(node) for node in dict.fromkeys(_odd(value))})


def _odd(value: sp.Basic) -> Iterator[MatrixExpr]:
    """The largest parts that need a buffer."""
    if not isinstance(value, MatrixExpr) or value.is_symbol:
        return
    of_heads, scaled = value.has(*HEADS), isinstance(value, sp.MatMul) and len(tidy.split_number(value)[1]) == 1
    if isinstance(value, (*_ENTRYWISE, OfHeads)) or scaled:
        for part in value.args:
            yield from _odd(part)
    elif of_heads:
        yield from (part for part in value.args if isinstance(part, MatrixExpr) and part.has(*HEADS))
    elif value.has(nodes.Concat):
        yield value


def operands(node: HeadProduct, hold: Callable[[MatrixExpr], MatrixExpr]) -> HeadProduct:
    """A product of each head whose operands are symbols or constants, transposed or repeated."""

    def change(value: MatrixExpr) -> MatrixExpr:
        if isinstance(value, _WRAPPED):
            return value.func(change(value.args[0]), *value.args[1:])
        return value if isinstance(value, (sp.MatrixSymbol, *nodes.CONSTANTS)) else hold(value)

    a, b, heads = node.args
    return HeadProduct(change(a), change(b), heads)


@lower.register
def _product(node: HeadProduct, rule: Lowering) -> At:
    a, b, heads = node.args
    left, right = rule(a), rule(b)
    rows, count = per_head(a.shape[0], heads), a.shape[1]

    def at(i: Subscript, j: Subscript) -> Expr:
        head = _of_head(i, rows)[0]
        return total(count, lambda k: times(left(i, k), right(_row(head, k, count), j)))

    return at


@lower.register
def _transpose(node: HeadTranspose, rule: Lowering) -> At:
    value, heads = node.args
    at = rule(value)

    def moved(i: Subscript, j: Subscript) -> Expr:
        head, row = _of_head(i, value.shape[1])
        return at(_row(head, j, per_head(value.shape[0], heads)), row)

    return moved


@lower.register
def _repeated(node: HeadBroadcast, rule: Lowering) -> At:
    value, rows, _, heads = node.args
    at, height, width = rule(value), per_head(value.shape[0], heads), value.shape[1]

    def moved(i: Subscript, j: Subscript) -> Expr:
        return at(_of_head(i, rows)[0] if height == 1 else i, fixed(0) if width == 1 else j)

    return moved


@lower.register
def _each(node: EachHead, rule: Lowering) -> At:
    at = rule(node.args[0])
    return lambda i, j: at(_of_head(i, node.args[0].shape[0])[1], j)


@lower.register
def _sum(node: SumHeads, rule: Lowering) -> At:
    at = rule(node.args[0])
    return lambda i, j: over("sum", node.heads, lambda head: at(_row(head, i, node.shape[0]), j))


@lower.register
def _joined(node: JoinHeads, rule: Lowering) -> At:
    return rule(node.args[0])
