"""How the vectors of heads are written that are cut out of one, or put together."""

from __future__ import annotations

from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.head_nodes import CutHeads, JoinHeads
from symbptt.model.one_head import index
from symbptt.typeset.dispatch import Setting, between_transposes, of_rows, piece, rule
from symbptt.typeset.pieces import Level, Piece, raised, signed
from symbptt.typeset.tree import Fenced, Identifier, Script


def _index(setting: Setting) -> Identifier:
    return Identifier(str(index(setting.model)) if setting.model else "n")


def _written(node: JoinHeads, operand: MatrixExpr, setting: Setting) -> Piece:
    """[u]ₙ is the vector of all heads, v⁽ⁿ⁾ the part of a vector that belongs to one."""
    inner = piece(operand, setting)
    if isinstance(node, CutHeads):
        return raised(inner, Fenced(_index(setting)))
    return Piece(Script(Fenced(signed(inner), "["), _index(setting)), Level.POWER)


@rule.register(JoinHeads)
def _joined(node: JoinHeads, setting: Setting) -> Piece:
    return between_transposes(node, setting) or _written(node, node.args[0], setting)


@of_rows.register(JoinHeads)
def _joined_rows(node: JoinHeads, setting: Setting) -> Piece:
    return _written(node, node.args[0].arg, setting)
