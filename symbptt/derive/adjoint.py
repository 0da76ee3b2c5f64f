"""The backward recursion: one adjoint equation per value, in reverse order of computation (BPTT).

The adjoint of a value v is the column dL/dv (in the shape of v). It is the sum, over all places that read v, of the reader's
adjoint pulled back through the reader's rule. The sum over the uses of a parameter is its gradient.
"""

from dataclasses import dataclass

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.evaluate import Array, evaluate
from symbptt.algebra.related import Adjoint
from symbptt.collector import without_garbage_collection
from symbptt.derive.numeric import Evaluation, Form, in_own_shape
from symbptt.derive.sweep import Contribution, Incoming, sweep, total
from symbptt.display import Formula, Summarised, counted
from symbptt.errors import BadInput
from symbptt.model.values import Model, Role, Variable
from symbptt.unroll.graph import UnrolledGraph, unrolled


@dataclass(frozen=True, repr=False)
class AdjointEquation(Summarised, Formula):
    """adjoint(variable, step) = sum of the contributions."""

    variable: Variable
    step: int
    terms: tuple[Contribution, ...]

    def _summary_(self) -> str:
        return f"of {self.variable.name}[{self.step}]: {counted(len(self.terms), 'contribution')}"

    @property
    def symbol(self) -> Adjoint:
        """The left side, dL/dv at the step."""
        return Adjoint(self.variable.at(self.step))

    @property
    def value(self) -> MatrixExpr:
        """The right side, the sum of the terms."""
        return total(self.terms)


@dataclass(frozen=True, repr=False)
class GradientEquation(Summarised):
    """dL/dv of a leaf v: a parameter (`step` is None, or the step of an untied one), an input or an initial state.

    `start` names the state that starts from the parameter: its gradient is the state's, where the state is not given.
    """

    variable: Variable
    step: int | None
    terms: tuple[Contribution, ...]
    start: str | None = None

    def _summary_(self) -> str:
        at = "" if self.step is None else f"[{self.step}]"
        return f"of {self.variable.name}{at}: {counted(len(self.terms), 'contribution')}"


@dataclass(frozen=True, repr=False)
class AdjointSystem(Summarised, Formula, Form[dict[str, Array]]):
    """The backward recursion of a graph, and the gradients that it accumulates."""

    graph: UnrolledGraph
    equations: tuple[AdjointEquation, ...]
    gradients: tuple[GradientEquation, ...]

    def _summary_(self) -> str:
        parts = counted(len(self.equations), "equation"), counted(len(self.gradients), "gradient")
        return f"{self.graph.model.name}, T={self.graph.T}: {', '.join(parts)}"

    def of_run(self, done: Evaluation) -> dict[str, Array]:
        """The gradient of every parameter, input and initial state, by name, in the shape of its variable.

        Inputs come as (T, N, ...), initial states as (N, ...); parameters are summed over the batch.
        """
        for equation in self.equations:
            done.values.leaves[equation.symbol] = done.batch(_sum(equation.terms, done))
        return _collect(self, done)


def _sum(terms: tuple[Contribution, ...], done: Evaluation) -> Array:
    """The sum of contributions; those of a loss count with its weight."""
    total = np.zeros((1, 1, 1))
    for term in terms:
        value = evaluate(term.value, done.values)
        total = total + (done.weight[int(term.step)] * value if _is_loss(term, done) else value)
    return total


def _is_loss(term: Contribution, done: Evaluation) -> bool:
    loss = done.graph.model.loss
    return loss is not None and term.through == loss.target


def _collect(system: AdjointSystem, done: Evaluation) -> dict[str, Array]:
    found: dict[str, Array] = {}
    T = system.graph.T
    for gradient in system.gradients:
        v = gradient.variable
        terms = gradient.terms if gradient.start is None or gradient.start in done.started else ()
        rows, columns = done.values.size(v.rows), done.values.size(v.columns)
        total = np.zeros((done.N, rows, columns)) + _sum(terms, done)
        if v.role is Role.PARAMETER:
            total = total.sum(axis=0)
        user = in_own_shape(v, total, 0 if v.role is Role.PARAMETER else 1, done.values)
        if v.role is Role.INPUT or not v.tied:
            assert gradient.step is not None
            found.setdefault(v.name, np.zeros((T, *user.shape)))[gradient.step - 1] = user
        else:
            found[v.name] = found.get(v.name, 0) + user
    return found


def initial(model: Model, variable: Variable) -> tuple[Variable, ...]:
    """The states whose initial value a variable is: the state itself, or those that start from the parameter."""
    return (variable,) if variable.role is Role.STATE else model.starting(variable)


def _leaf_equations(graph: UnrolledGraph, incoming: Incoming) -> tuple[GradientEquation, ...]:
    """A gradient equation for every leaf, empty where nothing arrives."""
    made: list[GradientEquation] = []

    def arriving(variable: Variable, step: int | None) -> tuple[Contribution, ...]:
        return tuple(incoming.get(variable.at(0 if step is None else step), ()))

    for v in graph.model.with_gradient:
        if v.role is Role.STATE:
            steps: tuple[int | None, ...] = (0,)
        elif v.timed:
            steps = tuple(range(1, graph.T + 1))
        else:
            steps = (None,)
        made.extend(GradientEquation(v, None, arriving(s, 0), s.name) for s in graph.model.starting(v))
        if not graph.model.starting(v):
            made.extend(GradientEquation(v, s, arriving(v, s)) for s in steps)
    return tuple(made)


@without_garbage_collection
def adjoints(graph: UnrolledGraph) -> AdjointSystem:
    """Reverse sweep over a graph with a loss: every assignment once, the last first; linear in its length.

    Raises BadInput if the model has no loss.
    """
    loss = unrolled(graph).model.loss
    if loss is None:
        raise BadInput(f"{graph.model.name} has no loss; choose one with --loss")
    equations: list[AdjointEquation] = []

    def cotangent(variable: Variable, target: sp.MatrixSymbol, incoming: Incoming) -> MatrixExpr | None:
        if variable == loss.target:
            return tidy.ONE
        terms = incoming.pop(target, None)
        if not terms or variable.name in graph.model.fixed:
            return None
        equations.append(AdjointEquation(variable, int(target.step), tuple(terms)))
        return equations[-1].symbol

    incoming = sweep(((a.variable, a.step, a.value) for a in graph), cotangent)
    return AdjointSystem(graph, tuple(equations), _leaf_equations(graph, incoming))
