"""The factors of a term of the sum of products: what each is, and its blocks by state."""

from dataclasses import dataclass
from enum import StrEnum

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.linear import jacobian
from symbptt.algebra.nodes import TIME, Partial
from symbptt.derive import formula, step
from symbptt.derive.adjoint import initial
from symbptt.display import Formula, Summarised
from symbptt.model.values import Model, Variable


class Kind(StrEnum):
    """What a factor of a term is."""

    LOSS = "loss"
    """g_t = (d+L_t/ds_t)^T."""
    LAG = "lag"
    """(d+L_t/ds_{t-1})^T, added to J_t^T g_t."""
    STATE_JACOBIAN = "state_jacobian"
    """J_j^T."""
    IMMEDIATE = "immediate"
    """(d+s_k/d theta)^T."""
    DIRECT = "direct"
    """(d+L_t/d theta)^T."""


@dataclass(frozen=True)
class Block:
    """An entry of a block factor: by state names, with its expression, or None where it is no matrix of one sample."""

    row: str
    column: str
    value: MatrixExpr | None


@dataclass(frozen=True, repr=False)
class Factor(Summarised, Formula):
    """One factor, transposed as it stands in the product; `partial` names it opaquely, `blocks` are its non-zero blocks."""

    kind: Kind
    step: int
    partial: MatrixExpr
    blocks: tuple[Block, ...]

    def _summary_(self) -> str:
        return f"{self.kind} at step {self.step}"


def at_step(step_number: int) -> dict[sp.Basic, sp.Basic]:
    """What puts a step in place of t."""
    return {TIME: sp.Integer(step_number)}


def jacobian_factor(model: Model, at: int) -> Factor:
    """J_j^T with its blocks."""
    blocks = []
    for (row, column), item in step.state_jacobian(model).items():
        matrix = jacobian(item.replaced(at_step(at)).transposed(), model[row].at().shape, model[column].at().shape)
        blocks.append(Block(column, row, matrix))
    partial = Partial(formula.state(model, at), formula.state(model, at - 1), "immediate")
    return Factor(Kind.STATE_JACOBIAN, at, tidy.transpose(partial), tuple(blocks))


def _vector_factor(model: Model, kind: Kind, at: int, values: dict[str, MatrixExpr], by: MatrixExpr) -> Factor:
    assert model.loss is not None
    partial = Partial(model.loss.target.at(at), by, "immediate")
    blocks = tuple(Block(name, "", value.xreplace(at_step(at))) for name, value in values.items())
    return Factor(kind, at, tidy.transpose(partial), blocks)


class Factors:
    """Makes the factors of terms, each factor once."""

    def __init__(self, model: Model, variable: Variable) -> None:
        self.model, self.variable = model, variable
        self.own = not initial(model, variable)
        self.reached = tuple(step.immediate(model, variable)) if self.own else ()
        self.gradient, self.lag = step.loss_gradient(model), step.loss_lag(model)
        self.direct = step.loss_direct(model, variable) if self.own else None
        self.made: dict[tuple[Kind, int], Factor] = {}

    def of(self, t: int, k: int) -> tuple[Factor, ...]:
        """The factors of the term (t, k): immediate derivative, state Jacobians from k+1 to t, loss gradient."""
        first = k + 1 if self.own else k
        found = [self._factor(Kind.IMMEDIATE, k)] if self.reached else []
        found += [self._factor(Kind.STATE_JACOBIAN, j) for j in range(first, t + 1)]
        found.append(self._factor(Kind.LOSS, t))
        if self.lag and t >= first:
            found.append(self._factor(Kind.LAG, t))
        if self.direct is not None and t == k:
            found.append(self._factor(Kind.DIRECT, t))
        return tuple(found)

    def _factor(self, kind: Kind, at: int) -> Factor:
        if (kind, at) not in self.made:
            self.made[kind, at] = self._make(kind, at)
        return self.made[kind, at]

    def _make(self, kind: Kind, at: int) -> Factor:
        model, variable = self.model, self.variable
        if kind is Kind.STATE_JACOBIAN:
            return jacobian_factor(model, at)
        if kind is Kind.IMMEDIATE:
            blocks = tuple(Block(variable.name, state, None) for state in self.reached)
            partial = Partial(formula.state(model, at), variable.at(at), "immediate")
            return Factor(kind, at, tidy.transpose(partial), blocks)
        if kind is Kind.LOSS:
            return _vector_factor(model, kind, at, self.gradient, formula.state(model, at))
        if kind is Kind.LAG:
            return _vector_factor(model, kind, at, self.lag, formula.state(model, at - 1))
        assert self.direct is not None
        return _vector_factor(model, kind, at, {variable.name: self.direct}, variable.at(at))
