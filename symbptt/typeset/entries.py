"""Rules of scalar formulas in entries: x_i, sums over an index, exponentials and logarithms."""

from __future__ import annotations

import sympy as sp

from symbptt.typeset.dispatch import Setting, piece, rule
from symbptt.typeset.pieces import Level, Piece, applied, commas, fenced, signed
from symbptt.typeset.tree import BigOperator, Identifier, Row, Script, Style


@rule.register(sp.Indexed)
def _entry(value: sp.Indexed, setting: Setting) -> Piece:
    base, *indices = value.args
    return Piece(Script(Identifier(str(base)), commas([signed(piece(i, setting)) for i in indices])))


@rule.register(sp.Sum)
def _sum(value: sp.Sum, setting: Setting) -> Piece:
    """The range of the index is that of all entries, and left out."""
    body, (index, _, _) = value.args
    sign = BigOperator("∑", signed(piece(index, setting)))
    return Piece(Row((sign, fenced(piece(body, setting), Level.BIG))), Level.BIG)


@rule.register(sp.exp)
@rule.register(sp.log)
def _function(value: sp.Function, setting: Setting) -> Piece:
    return applied(Identifier(value.func.__name__, Style.FUNCTION), signed(piece(value.args[0], setting)))


@rule.register(type(sp.pi))
def _pi(value: sp.Expr, setting: Setting) -> Piece:
    return Piece(Identifier("π"))
