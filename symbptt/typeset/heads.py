"""How the vectors of heads are written that are cut out of one, or put together."""

from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.head_nodes import CutHeads, JoinHeads
from symbptt.typeset.dispatch import Setting, of_rows, piece, rule
from symbptt.typeset.operations import transposed
from symbptt.typeset.pieces import Level, Piece, raised, signed
from symbptt.typeset.symbols import head_index
from symbptt.typeset.tree import Fenced, Script


def _written(node: JoinHeads, operand: MatrixExpr, setting: Setting) -> Piece:
    """[u]ₙ is the vector of all heads, v⁽ⁿ⁾ the part of a vector that belongs to one."""
    inner = piece(operand, setting)
    if isinstance(node, CutHeads):
        return raised(inner, Fenced(head_index(setting.model)))
    return Piece(Script(Fenced(signed(inner), "["), head_index(setting.model)), Level.POWER)


@rule.register(JoinHeads)
def _joined(node: JoinHeads, setting: Setting) -> Piece:
    if setting.notation.layout == "column":
        return _written(node, node.args[0], setting)
    return transposed(_written(node, tidy.transpose(node.args[0]), setting), setting)


@of_rows.register(JoinHeads)
def _joined_rows(node: JoinHeads, setting: Setting) -> Piece:
    return _written(node, node.args[0].arg, setting)
