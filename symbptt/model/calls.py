"""What a function of the language is: how many operands it takes, which numbers by keyword, and what it builds."""

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.model.site import Site

Operands = tuple[MatrixExpr, ...]
Numbers = tuple[sp.Rational, ...]


@dataclass(frozen=True)
class Call:
    """A function: `apply` builds its value from operands and numbers; `operands` is the least and the largest count.

    `numbers` are the numeric arguments, given by keyword, with their defaults; `positive` says they must be above zero,
    `ordered` that they may stand behind the operands as well, in this order.
    With `constants` an operand may be a constant, such as ones(K), and with `mixed` a number as well, but not all of them.
    With `condition` the first operand is a comparison; `apply` gets it as (operator, left, right).
    With `of_dimensions` the operands are dimensions, as in eye(H), instead of expressions.
    """

    name: str
    apply: Callable[[Operands, Numbers, Site], MatrixExpr]
    usage: str
    operands: tuple[int, int] = (1, 1)
    numbers: tuple[tuple[str, sp.Rational], ...] = ()
    positive: bool = True
    ordered: bool = False
    constants: bool = False
    mixed: bool = False
    condition: bool = False
    of_dimensions: bool = False
