"""The text of a formula: two sides in the expression language, with a few signs of its own."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from symbptt.errors import BadInput
from symbptt.model.place import Place
from symbptt.model.syntax import parse

SIGNS = {"Σ": "sum", "∑": "sum", "Π": "prod", "∏": "prod", "⊙": "*", "∘": "*", "·": "@", "−": "-", "ᵀ": ".T", "∂": "d"}
"""Signs of print and what they stand for."""
PLACE = Place("--formula")


@dataclass(frozen=True)
class Formula:
    """left = right."""

    text: str
    left: ast.expr
    right: ast.expr

    def having(self, right: ast.expr) -> Formula:
        """The same left side with another right side."""
        return Formula(self.text, self.left, right)

    def __str__(self) -> str:
        return f"{ast.unparse(self.left)} = {ast.unparse(self.right)}"


def read(text: str) -> Formula:
    """Read a formula. Raises BadInput with the column of the first fault."""
    plain = "".join(SIGNS.get(c, c) for c in text)
    at = _equals(plain)
    left, right = plain[:at], " " * (at + 1) + plain[at + 1 :]
    return Formula(text, parse(left, PLACE).tree, parse(right, PLACE).tree)


def _equals(text: str) -> int:
    """The place of the sign between the sides: the one outside brackets."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if sign == "=" and depth == 0:
            return place
    raise BadInput(f"{PLACE}: expected two sides, as in dW_hh = sum(t, 1, T, ...)")
