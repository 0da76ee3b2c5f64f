"""The table of rules: node type to how it is written. A node without a rule is refused, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

import sympy as sp

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
