"""Pass: all gates of a cell are one tanh."""

from dataclasses import replace

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME, Elementwise, Timed
from symbptt.emit.plan.statements import Block, HalfTanh, Plan, Statement

HALF = sp.Rational(1, 2)


def sigmoid_as_tanh(plan: Plan) -> Plan:
    """sigmoid(a) = (1 + tanh(a/2)) / 2, and a/2 is a with halved weights and biases."""
    return replace(plan, forward=tuple(_rewritten(plan, b) if b.each else b for b in plan.forward))


def _rewritten(plan: Plan, block: Block) -> Block:
    made: list[Statement] = []
    for statement in block.statements:
        value = statement.values[0]
        if not (isinstance(value, Elementwise) and type(value) is Elementwise and value.name == "sigmoid"):
            made.append(statement)
            continue
        argument = _halved(plan, block, made, value.operand)
        target = HalfTanh(statement.key)
        made.append(Statement((target,), (Elementwise("tanh", argument),), statement.numbers))
        half = tidy.add(tidy.scale(HALF, target), tidy.scale(HALF, OneMatrix(*target.shape)))
        made.append(statement.having(half))
    return replace(block, statements=tuple(made))


def _halved(plan: Plan, block: Block, before: list[Statement], operand: MatrixExpr) -> MatrixExpr:
    """Half the operand: its own statement halved if nobody else reads it."""
    maker = next((i for i, s in enumerate(before) if operand == s.targets[0]), None)
    outputs = {v.name for v in plan.model.outputs}
    alone = isinstance(operand, Timed) and operand.step == TIME and len(plan.readers(operand)) == 1
    if maker is None or not alone or operand.name in outputs or operand.name in _loss_reads(plan):
        return tidy.scale(HALF, operand)
    whole = before[maker]
    before[maker] = replace(
        whole, values=(tidy.scale(HALF, whole.values[0]),), numbers=tuple(replace(n, after=" halved") for n in whole.numbers)
    )
    return operand


def _loss_reads(plan: Plan) -> set[str]:
    loss = plan.model.loss
    return {s.name for e in loss.equations for s in e.value.atoms(sp.MatrixSymbol)} if loss else set()
