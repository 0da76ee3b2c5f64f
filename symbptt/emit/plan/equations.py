"""Every equation of the derivation as a statement: the plan to start from, with one loop each way, and the loss of a step."""

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME
from symbptt.algebra.related import Adjoint, Cotangent
from symbptt.derive.pullback import cell_pullback, loss_pullback
from symbptt.derive.recursion import recursion
from symbptt.emit.lines import Note
from symbptt.emit.plan.statements import Block, Carry, Gradient, Lagged, Plan, Statement, is_stepwise
from symbptt.model.values import Model, Role


def plan(model: Model, wanted: frozenset[str], seeded: frozenset[str], reached: frozenset[str] | None = None) -> Plan:
    """All statements for the gradients of `wanted`, and for what arrives at all of `reached` if there are more.

    Values in `seeded` may have cotangents from outside.
    """
    reached = wanted if reached is None else reached
    forward = tuple(_statement(e.target.at(), e.value, e.number) for e in model.equations)
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
        made.append(_statement(Adjoint(variable.at()), tidy.add(*parts), numbers.adjoint_number(variable.name)))
    for v in model.of(Role.PARAMETER, Role.INPUT):
        value = pullback.leaves.get(v.at())
        if v.name in wanted and value is not None and not tidy.is_zero(value):
            made.append(_statement(Gradient(v.at()), value, numbers.gradient_number(v.name)))
    for s in model.states:
        if s.at(TIME - 1) in pullback.leaves:
            number = numbers.adjoint_number(s.name)
            made.append(_statement(Carry(s.at()), pullback.leaves[s.at(TIME - 1)], number, ", t -> t-1"))
    return made


def loss(model: Model) -> Block:
    """The loss of every step and its pullback: adjoints, what the cell's values receive, and direct gradients in file order."""
    assert model.loss is not None
    pullback, numbers = loss_pullback(model), recursion(model)
    made = [_statement(e.target.at(), e.value, e.number) for e in model.loss.equations]
    made += [_statement(Adjoint(v.at()), value, numbers.adjoint_number(v.name)) for v, value in pullback.adjoints]
    for leaf, value in pullback.leaves.items():
        variable = model[leaf.name]
        if variable.role in (Role.LOCAL, Role.STATE):
            kind = Cotangent if leaf == variable.at() else Lagged
            made.append(_statement(kind(variable.at()), value, numbers.adjoint_number(variable.name)))
    direct = [v for v in model.of(Role.PARAMETER, Role.INPUT) if v.at() in pullback.leaves]
    made += [_statement(Gradient(v.at()), pullback.leaves[v.at()], numbers.gradient_number(v.name)) for v in direct]
    return Block(tuple(made), each=any(is_stepwise(model, s) for s in made))


def _statement(target: sp.MatrixSymbol, value: MatrixExpr, number: int, after: str = "") -> Statement:
    return Statement((target,), (value,), (Note(number, after=after),))
