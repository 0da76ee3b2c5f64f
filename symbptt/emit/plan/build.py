"""The plan to start from: every equation of the derivation as a statement of one loop forward and one loop backward."""

from __future__ import annotations

from symbptt.algebra import build
from symbptt.algebra.nodes import TIME
from symbptt.algebra.related import Adjoint, Cotangent
from symbptt.derive.pullback import cell_pullback
from symbptt.derive.recursion import recursion
from symbptt.emit.lines import Note
from symbptt.emit.plan.statements import Block, Carry, Gradient, Plan, Statement
from symbptt.model.values import Model, Role


def plan(model: Model, wanted: frozenset[str], seeded: frozenset[str], reached: frozenset[str] | None = None) -> Plan:
    """All statements for the gradients of `wanted`, and for what arrives at all of `reached` if there are more.

    Values in `seeded` may have cotangents from outside.
    """
    reached = wanted if reached is None else reached
    forward = tuple(Statement((e.target.at(),), (e.value,), (Note(e.number),)) for e in model.equations)
    return Plan(
        model, wanted, (Block(forward, each=True),), (Block(tuple(_backward(model, reached, wanted, seeded)), each=True),)
    )


def _backward(model: Model, reached: frozenset[str], wanted: frozenset[str], seeded: frozenset[str]) -> list[Statement]:
    pullback = cell_pullback(model, reached)
    numbers = recursion(model)
    made = []
    for variable, value in pullback.adjoints:
        parts = [Cotangent(variable.at())] if variable.name in seeded else []
        parts.append(value)
        if variable.role is Role.STATE and variable.at(TIME - 1) in pullback.leaves:
            parts.append(Carry(variable.at(TIME + 1)))
        number = Note(numbers.adjoint_number(variable.name))
        made.append(Statement((Adjoint(variable.at()),), (build.add(*parts),), (number,)))
    for v in model.of(Role.PARAMETER, Role.INPUT):
        value = pullback.leaves.get(v.at())
        if v.name in wanted and value is not None and not build.is_zero(value):
            number = Note(numbers.gradient_number(v.name))
            made.append(Statement((Gradient(v.at()),), (value,), (number,)))
    for s in model.states:
        if s.at(TIME - 1) in pullback.leaves:
            number = Note(numbers.adjoint_number(s.name), after=", t -> t-1")
            made.append(Statement((Carry(s.at()),), (pullback.leaves[s.at(TIME - 1)],), (number,)))
    return made
