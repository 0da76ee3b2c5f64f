"""A model laid out over T steps: one assignment per equation and step, in the order of computation."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.nodes import TIME
from symbptt.checks import expected, whole
from symbptt.collector import without_garbage_collection
from symbptt.display import Formula, Summarised, counted
from symbptt.errors import BadInput
from symbptt.model.read import load
from symbptt.model.values import Equation, Model, Variable

MAX_ASSIGNMENTS = 200_000
"""The graph limit: equations times steps."""


@dataclass(frozen=True, repr=False)
class Assignment(Summarised, Formula):
    """target = value, with every step a number."""

    variable: Variable
    step: int
    value: MatrixExpr
    equation: Equation

    def _summary_(self) -> str:
        return f"{self.variable.name}[{self.step}]"

    @property
    def target(self) -> sp.MatrixSymbol:
        """The symbol that is assigned."""
        return self.variable.at(self.step)


@dataclass(frozen=True, repr=False)
class UnrolledGraph(Summarised, Formula):
    """`assignments` in time order, each symbol assigned once; `loss_steps` are the steps with a loss.

    With `truncation` (k1, k2) the sum of products has the terms (t, k) with k > k1 ceil(t / k1) - k2 and no others.
    """

    model: Model
    T: int
    assignments: tuple[Assignment, ...]
    truncation: tuple[int, int] | None = None

    @property
    def loss_steps(self) -> tuple[int, ...]:
        """The steps t at which there is a loss L_t."""
        if self.model.loss is None:
            return ()
        return (self.T,) if self.model.loss.at == "last" else tuple(range(1, self.T + 1))

    def keeps(self, t: int, k: int) -> bool:
        """Whether the term (t, k) is kept."""
        return self.truncation is None or kept(t, k, *self.truncation)

    def _summary_(self) -> str:
        return f"{self.model.name}, T={self.T}: {counted(len(self.assignments), 'assignment')}"

    def __iter__(self) -> Iterator[Assignment]:
        return iter(self.assignments)


def kept(t: int, k: int, k1: int, k2: int) -> bool:
    """Whether the scheme that goes back k2 steps every k1 steps keeps the term (t, k); a window of K is k1 = 1, k2 = K."""
    return k > k1 * -(-t // k1) - k2


def _checked(model: Model, T: int) -> int:
    limit = MAX_ASSIGNMENTS // max(1, len(model.all_equations))
    steps = whole(T, 1, limit)
    if steps is None:
        raise BadInput(f"T must be between 1 and {limit} for {model.name} (the graph limit), a whole number, not {T!r}")
    return steps


def unrolled(graph: UnrolledGraph) -> UnrolledGraph:
    """The graph, as it is; raises BadInput for anything else, such as a model that was not unrolled yet."""
    return expected(graph, UnrolledGraph, "an unrolled graph, which unroll.steps(model, T) gives")


@without_garbage_collection
def steps(model: Model | str | Path, T: int) -> UnrolledGraph:
    """Unroll a model, or the one of that name or path, over the steps 1 .. T; the initial states are the values at step 0.

    Raises BadInput if T is not a whole number between 1 and the graph limit.
    """
    model = load(model)
    T = _checked(model, T)
    loss_equations = model.loss.equations if model.loss else ()
    made: list[Assignment] = []
    for step in range(1, T + 1):
        with_loss = model.loss is not None and (model.loss.at != "last" or step == T)
        at = {TIME: sp.Integer(step)}
        for equation in model.equations + (loss_equations if with_loss else ()):
            made.append(Assignment(equation.target, step, equation.value.xreplace(at), equation))
    return UnrolledGraph(model, T, tuple(made))
