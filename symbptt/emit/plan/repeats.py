"""Pass: a column that is repeated in every column of a matrix is read as the column."""

from dataclasses import replace

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.nodes import Timed
from symbptt.emit.plan.statements import Block, Plan, Statement


def repeats(plan: Plan) -> Plan:
    """A = c 1ᵀ, B = A * X: B = (c 1ᵀ) * X, which broadcasts c; A is nowhere in memory."""
    made = {s.targets[0]: s.values[0] for s in plan.statements() if _is_repeated(plan, s)}

    def without(block: Block) -> Block:
        kept = [s for s in block.statements if s.targets[0] not in made]
        return replace(block, statements=tuple(s.having(s.values[0].xreplace(made)) for s in kept))

    return replace(plan, forward=tuple(map(without, plan.forward)), backward=tuple(map(without, plan.backward)))


def _is_repeated(plan: Plan, statement: Statement) -> bool:
    """Whether nobody but products entry by entry read a value, and it is a column that is repeated."""
    value, target = statement.values[0], statement.targets[0]
    number, factors = tidy.split_number(value)
    if not (number == 1 and len(factors) == 2 and isinstance(factors[0], Timed) and isinstance(factors[1], OneMatrix)):
        return False
    return factors[1].shape[0] == 1 and all(_only_in_products(v, target) for s in plan.readers(target.name) for v in s.values)


def _only_in_products(value: MatrixExpr, target: Timed) -> bool:
    if isinstance(value, sp.HadamardProduct):
        return all(a == target or not a.has(target) for a in value.args)
    if value == target or isinstance(value, Timed):
        return value != target
    return all(_only_in_products(a, target) for a in value.args if isinstance(a, MatrixExpr))
