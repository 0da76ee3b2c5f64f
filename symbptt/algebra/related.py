"""Symbols that stand for something about a variable: the adjoint of a value, its tangent, what arrives from outside.

There is one class for each meaning, and SymPy takes symbols of different classes for different ones. The arguments are those of
the variable's own symbol, the primal: so the symbol goes along from step to step, and yet neither a search for the primal nor a
substitution finds it in there.
"""

from functools import cached_property
from typing import Any, ClassVar

import sympy as sp
from sympy.core.symbol import Str

from symbptt.algebra.nodes import TIME, Timed, plain


class Related(Timed):
    """Base of these symbols: `Adjoint(h_t)`. SymPy rebuilds one from its arguments, `cls(*args)`."""

    mark: ClassVar[str]
    """The beginning of the printed name; nothing is told from it."""

    def __new__(cls, primal: sp.MatrixSymbol | Str, *rest: Any) -> Any:
        own = primal.args if isinstance(primal, sp.MatrixSymbol) else (primal,)
        return sp.Basic.__new__(cls, *own, *map(plain, rest))

    @cached_property
    def primal(self) -> sp.MatrixSymbol:
        """The variable's own symbol."""
        return (Timed if self.args[3:] else sp.MatrixSymbol)(*self.args[:4])

    @property
    def name(self) -> str:
        """The printed name: no variable of a model has one like it."""
        return f"{self.mark}:{self.args[0].name}"

    @property
    def step(self) -> sp.Expr:
        """The step of the primal, t if it has none."""
        return self.args[3] if self.args[3:] else TIME


class Adjoint(Related):
    """The node adjoint dL/da_t of a value a_t."""

    mark = "adj"


class StepAdjoint(Related):
    """dL/ds_t of a state, with the states of the same step held fixed."""

    mark = "step"


class LossGradient(Related):
    """g_t, the gradient of L_t by a state."""

    mark = "loss"


class LossWeight(Related):
    """What a sample counts in the loss of a step."""

    mark = "weight"


class Cotangent(Related):
    """The cotangent of a value that is handed in: from outside, for a model without a loss, or by the rest of a route."""

    mark = "out"


class Tangent(Related):
    """The derivative of a value along a direction."""

    mark = "tan"


class SlopeMatrix(Related):
    """D_h, the square matrix with the slopes of an activation h = f(a) on its diagonal."""

    mark = "slope"

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        entries = self.args[1] * self.args[2]
        return (entries, entries)
