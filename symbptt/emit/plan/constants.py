"""Pass: what is made of parameters alone is one array for all steps and samples."""

from dataclasses import replace

import sympy as sp

from symbptt.algebra.nodes import TIME, Timed
from symbptt.emit.plan.chains import outside_reads
from symbptt.emit.plan.statements import Block, Key, Plan, Statement, is_constant, is_untied, symbols, variable_of
from symbptt.model.values import Role


def constants(plan: Plan) -> Plan:
    """a = exp(A): a has no axes of steps and samples, and is computed before all else; its readers broadcast it."""
    kept, fixed = outside_reads(plan), dict[Key, sp.MatrixSymbol]()
    ahead: list[Statement] = []
    for statement in (s for b in plan.forward if not b.each for s in b.statements):
        value = statement.values[0].xreplace(fixed)
        if _is_constant(plan, statement, kept) and is_constant(value) and any(True for _ in symbols(value)):
            fixed[statement.targets[0]] = sp.MatrixSymbol(*statement.targets[0].args[:3])
            ahead.append(Statement((fixed[statement.targets[0]],), (value,), statement.numbers))
    if not fixed:
        return plan

    def without(block: Block) -> Block:
        left = [s for s in block.statements if s.targets[0] not in fixed]
        return replace(block, statements=tuple(replace(s, values=tuple(v.xreplace(fixed) for v in s.values)) for s in left))

    forward = tuple(block for block in map(without, plan.forward) if block.statements)
    return replace(plan, forward=(Block(tuple(ahead), each=False), *forward), backward=tuple(map(without, plan.backward)))


def _is_constant(plan: Plan, statement: Statement, kept: set[Key]) -> bool:
    """Whether a value of the cell could be kept once: nobody outside reads it by step."""
    key = statement.key
    variable = variable_of(plan.model, key)
    own = type(key) is Timed and variable.role is Role.LOCAL and key not in kept and not is_untied(plan.model, key)
    return own and all(step == TIME for s in plan.readers(key) for read, step in s.reads if read == key)
