"""The table of rules: node type to how it is written. A node without a rule is refused, never guessed."""

from dataclasses import dataclass, field
from functools import lru_cache, singledispatch

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
    written: dict[sp.Basic, Piece] = field(default_factory=dict, compare=False, repr=False)
    """How nodes have been written so far: the formulas of a document repeat each other's parts."""


@lru_cache(maxsize=16)
def setting(notation: Notation | None = None, model: Model | None = None) -> Setting:
    """The setting of a notation and a model, with what it has written."""
    return Setting(notation or TEXTBOOK, model)


def piece(node: sp.Basic, setting: Setting) -> Piece:
    """How a node is written. Raises MissingRule for a type without a rule."""
    found = setting.written.get(node)
    if found is None:
        found = setting.written[node] = rule(node, setting)
    return found


@singledispatch
def rule(node: sp.Basic, setting: Setting) -> Piece:
    """How a node is written; register one function per type."""
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
