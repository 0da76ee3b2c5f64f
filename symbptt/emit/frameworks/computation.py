"""The blocks of a module, formulas for all steps or loops: the plan's forward and backward part, and the loss."""

from dataclasses import dataclass

import sympy as sp

from symbptt.algebra.related import Cotangent
from symbptt.derive.pullback import loss_pullback
from symbptt.emit.plan.equations import loss, plan
from symbptt.emit.plan.hoist import hoist
from symbptt.emit.plan.schedule import schedule
from symbptt.emit.plan.statements import Block, Key
from symbptt.model.values import Model, Variable


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
    return Blocks(model, made.forward, (loss(model),) if model.loss else (), made.backward)
