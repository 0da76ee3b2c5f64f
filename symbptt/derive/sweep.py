"""The reverse sweep: what each of a list of equations, the last one first, passes back to the values that it reads."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME
from symbptt.derive.rules import pull, rule_name
from symbptt.display import Formula, Summarised
from symbptt.model.values import Equation, Variable


@dataclass(frozen=True, repr=False)
class Contribution(Summarised, Formula):
    """One summand of an adjoint: the reader `through`, at which step, by which rule."""

    value: MatrixExpr
    through: Variable
    step: sp.Expr | int
    rule: str

    def _summary_(self) -> str:
        return f"through {self.through.name}[{self.step}]: {self.rule}"


Incoming: TypeAlias = dict[sp.MatrixSymbol, list[Contribution]]
Computed: TypeAlias = tuple[Variable, sp.Expr | int, MatrixExpr]
Visit: TypeAlias = Callable[[Variable, sp.MatrixSymbol, Incoming], MatrixExpr | None]


def sweep(computed: Iterable[Computed], cotangent: Visit) -> Incoming:
    """The contributions to every symbol that is read.

    `cotangent` is asked at each value, when all that arrives at it is there, for what goes on to what its equation reads: an
    expression, or None if nothing does. It may take away what has arrived.
    """
    incoming: Incoming = {}
    for variable, step, value in reversed(tuple(computed)):
        target = variable.at(step)
        given = cotangent(variable, target, incoming)
        if given is not None:
            rule = rule_name(value)
            for leaf, part in pull(value, given, target):
                incoming.setdefault(leaf, []).append(Contribution(part, variable, step, rule))
    return incoming


def total(contributions: Iterable[Contribution]) -> MatrixExpr:
    """The sum of contributions to one symbol, in their order."""
    return tidy.joined(*(c.value for c in contributions))


def in_step_t(equations: Iterable[Equation]) -> Iterable[Computed]:
    """The equations as `sweep` takes them, each at step t."""
    return ((e.target, TIME, e.value) for e in equations)
