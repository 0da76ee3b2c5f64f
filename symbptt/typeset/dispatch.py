"""The table of rules: node type to how it is written. A node without a rule is refused, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.errors import MissingRule
from symbptt.model.values import Model
from symbptt.typeset.notation import TEXTBOOK, Notation
from symbptt.typeset.pieces import Piece


@dataclass(frozen=True)
class Setting:
    """What a rule may look at besides its node."""

    notation: Notation = TEXTBOOK
    model: Model | None = None


@singledispatch
def piece(node: sp.Basic, setting: Setting) -> Piece:
    """How a node is written; register one function per type. Raises MissingRule for a type without one."""
    raise MissingRule("way of writing", node, "symbptt/typeset/operations.py")


@singledispatch
def of_rows(node: sp.Basic, setting: Setting) -> Piece | None:
    """How f(xᵀ)ᵀ of a function of columns is written as f(x) of a row (see algebra/rows.py); None for other nodes."""
    return None


def between_transposes(node: sp.Basic, setting: Setting) -> Piece | None:
    """f(xᵀ)ᵀ as f(x), given f(xᵀ); None where an argument is not transposed or there is no such way of writing."""
    operands = [a for a in node.args if isinstance(a, MatrixExpr)]
    flipped = bool(operands) and all(isinstance(a, sp.Transpose) for a in operands)
    return of_rows(node, setting) if flipped else None
