"""The blocks of a module, formulas for all steps or loops: the plan's forward and backward part, and the loss."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.related import Adjoint, Cotangent
from symbptt.derive.pullback import loss_pullback
from symbptt.derive.recursion import recursion
from symbptt.emit.frameworks.value_names import Lagged
from symbptt.emit.lines import Note
from symbptt.emit.plan.build import plan
from symbptt.emit.plan.hoist import hoist
from symbptt.emit.plan.schedule import schedule
from symbptt.emit.plan.statements import Block, Gradient, Key, Statement, is_stepwise
from symbptt.model.values import Model, Role, Variable


@dataclass(frozen=True)
class Blocks:
    """What a module computes; every gradient is there, and the caller says which are wanted."""

    model: Model
    forward: tuple[Block, ...]
    loss: tuple[Block, ...]
    backward: tuple[Block, ...]

    @property
    def everything(self) -> tuple[Block, ...]:
        """All blocks."""
        return self.forward + self.loss + self.backward

    @property
    def seeded(self) -> frozenset[Key]:
        """The values that may have a cotangent from outside, under the names of the cotangents."""
        return frozenset(Cotangent(self.model[name].at()) for name in _seeded(self.model))

    def kept(self) -> tuple[Variable, ...]:
        """The values that the forward pass hands on: states, outputs, and what the loss or the backward pass reads."""
        read = {s.name for b in self.loss + self.backward for st in b.statements for s in st.values[0].atoms(sp.MatrixSymbol)}
        known = {*read, *(v.name for v in self.model.outputs), *(s.name for s in self.model.states)}
        return tuple(e.target for e in self.model.equations if e.target.name in known)


def _seeded(model: Model) -> frozenset[str]:
    read = {leaf.name for leaf in loss_pullback(model).leaves} if model.loss else set()
    made = {e.target.name for e in model.equations}
    return frozenset({v.name for v in model.outputs} | (read & made))


def blocks(model: Model) -> Blocks:
    """All blocks of a model."""
    made = hoist(schedule(plan(model, frozenset(v.name for v in model.with_gradient), _seeded(model))))
    return Blocks(model, made.forward, (_loss(model),) if model.loss else (), made.backward)


def _loss(model: Model) -> Block:
    """The loss of every step and its pullback."""
    assert model.loss is not None
    pullback, numbers = loss_pullback(model), recursion(model)
    made = [Statement((e.target.at(),), (e.value,), (Note(e.number),)) for e in model.loss.equations]
    for variable, value in pullback.adjoints:
        made.append(_statement(Adjoint(variable.at()), value, numbers.adjoint_number(variable.name)))
    for leaf, value in pullback.leaves.items():
        variable = model[leaf.name]
        if variable.role in (Role.LOCAL, Role.STATE):
            kind = Cotangent if leaf == variable.at() else Lagged
            made.append(_statement(kind(variable.at()), value, numbers.adjoint_number(variable.name)))
        else:
            made.append(_statement(Gradient(variable.at()), value, numbers.gradient_number(variable.name)))
    return Block(tuple(made), each=any(is_stepwise(model, s) for s in made))


def _statement(target: sp.MatrixSymbol, value: MatrixExpr, number: int) -> Statement:
    return Statement((target,), (value,), (Note(number),))
