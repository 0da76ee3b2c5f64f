"""What an operation of the language may ask about where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.nodes import is_leaf
from symbptt.errors import BadInput
from symbptt.model.place import Place
from symbptt.model.single_assignment import Intermediates
from symbptt.model.values import Role, Variable


@dataclass(frozen=True)
class Site:
    """A place in an expression, the variables in reach and the intermediates that an expansion may add."""

    place: Place
    variables: Mapping[str, Variable]
    intermediates: Intermediates

    def at(self, place: Place) -> Site:
        """The same site at another place."""
        return replace(self, place=place)

    def error(self, message: str) -> BadInput:
        """The error to raise here."""
        return self.place.error(message)

    def name(self, value: MatrixExpr) -> MatrixExpr:
        """A variable equal to `value`, for an expansion that reads it more than once."""
        return self.intermediates.name(value)

    def statistic(self, kind: str, batch: MatrixExpr, of: MatrixExpr, init: str) -> MatrixExpr:
        """A statistic of `of`, an atom, over the batch; without training its moving average, which starts as `init`."""
        if self.intermediates.training:
            return self.intermediates.name(batch, kind)
        return self.intermediates.buffer(of, kind, init)

    def is_target(self, value: MatrixExpr) -> bool:
        """Whether an expression is a target itself."""
        return is_leaf(value) and value.name in self.variables and self.variables[value.name].role is Role.TARGET

    def is_index(self, value: MatrixExpr) -> bool:
        """Whether an expression is an integer input, that is a one-hot column."""
        return is_leaf(value) and value.name in self.variables and self.variables[value.name].classes
