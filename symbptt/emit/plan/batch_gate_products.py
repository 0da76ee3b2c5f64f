"""Pass: what gates do for all steps, they do together."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME, Timed
from symbptt.emit.layout import array_rank
from symbptt.emit.plan.stack_gates import weight_and_operand
from symbptt.emit.plan.statements import Block, Gradient, Hoisted, Pack, Plan, Statement, is_constant, terms, variable_of

Found = tuple[int, object]


def batch_gate_products(plan: Plan) -> Plan:
    """sum_t (d_1; ...; d_G) h^T = (dW_1; ...; dW_G), and (U_1; ...; U_G) x + b for all t: one call for neighbouring gates."""
    for pack in plan.packs:
        finds: Callable[[Plan, Pack, Statement], Found | None] = _hoisted if pack.buffered else _gradient
        plan = replace(
            plan,
            forward=tuple(b if b.each else _merged(plan, b, pack, finds) for b in plan.forward),
            backward=tuple(b if b.each else _merged(plan, b, pack, finds) for b in plan.backward),
        )
    return plan


def _merged(plan: Plan, block: Block, pack: Pack, finds: Callable[[Plan, Pack, Statement], Found | None]) -> Block:
    """Statements of one kind on neighbours in a pack, made one where the last of them stands."""
    kinds: dict[object, dict[int, Statement]] = {}
    for statement in block.statements:
        found = finds(plan, pack, statement) if len(statement.targets) == 1 else None
        if found is not None:
            kinds.setdefault(found[1], {}).setdefault(found[0], statement)
    statements = list(block.statements)
    for members in kinds.values():
        for run in _runs(sorted(members)):
            chosen = [members[i] for i in run]
            joined = Statement(
                tuple(s.targets[0] for s in chosen),
                tuple(s.values[0] for s in chosen),
                tuple(dict.fromkeys(n for s in chosen for n in s.numbers)),
            )
            last = max(statements.index(s) for s in chosen)
            statements[last] = joined
            statements = [s for s in statements if s not in chosen]
    return replace(block, statements=tuple(statements))


def _runs(rows: list[int]) -> list[list[int]]:
    """Neighbours, at least two together."""
    made: list[list[int]] = [[rows[0]]]
    for before, row in pairwise(rows):
        if row == before + 1:
            made[-1].append(row)
        else:
            made.append([row])
    return [run for run in made if len(run) > 1]


def _hoisted(plan: Plan, pack: Pack, statement: Statement) -> Found | None:
    """The row and the form of a hoisted part: products with parameters of one shape, and constants."""
    row = pack.row(statement.key)
    if row < 0 or not isinstance(statement.key, Hoisted):
        return None
    form = tuple(_kind(plan, term) for term in terms(statement.values[0]))
    return None if None in form else (row, form)


def _kind(plan: Plan, term: MatrixExpr) -> object:
    found = weight_and_operand(plan, term)
    if found is not None and isinstance(found[1], Timed):
        return found[1], found[0].shape
    return "constant" if is_constant(term) else None


def _gradient(plan: Plan, pack: Pack, statement: Statement) -> Found | None:
    """The row of the adjoint, and what it meets in the gradient: a value, or nothing for a bias."""
    if not isinstance(statement.key, Gradient):
        return None
    variable = variable_of(plan.model, statement.key)
    number, parts = tidy.split_number(statement.values[0])
    if number != 1 or not variable.tied or not isinstance(parts[0], Timed) or parts[0].step != TIME or len(parts) > 2:
        return None
    row = pack.row(parts[0])
    if row < 0 or parts[0] != pack.rows[row][-1]:
        return None
    if len(parts) == 1:
        return (row, "bias") if variable.columns == 1 and len(variable.shape) == 1 else None
    other = parts[1].arg if isinstance(parts[1], sp.Transpose) else None
    return (row, other) if isinstance(other, Timed) and array_rank(variable) == 2 else None
