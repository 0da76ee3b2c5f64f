"""Pass: products that meet the same operand are one product of stacked weights, and gates are worked on together."""

from dataclasses import dataclass, replace
from itertools import pairwise

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.nodes import Timed
from symbptt.algebra.related import Adjoint
from symbptt.emit.layout import array_rank
from symbptt.emit.plan.chains import best_order, chain, form, is_state, runs
from symbptt.emit.plan.schedule import sorted_within
from symbptt.emit.plan.statements import (
    Block,
    Hoisted,
    Key,
    LocalFactor,
    Pack,
    Partial,
    Plan,
    Statement,
    is_constant,
    key_of,
    symbols,
    terms,
    variable_of,
)


def stack_gates(plan: Plan) -> Plan:
    """(W_1 h, ..., W_G h) = (W_1; ...; W_G) h, and W_1^T d_1 + ... + W_G^T d_G = (W_1; ...; W_G)^T (d_1; ...; d_G)."""
    for index, block in enumerate(plan.forward):
        if block.each:
            for operand in _operands(plan, block):
                plan = _stack(plan, index, operand)
    for index, block in enumerate(plan.backward):
        if block.each:
            plan = _gather(plan, index)
    return plan


@dataclass(frozen=True)
class _Gate:
    """A statement taken apart: the product, what is added to all gates alike (or None), and the rest."""

    statement: Statement
    product: MatrixExpr
    shared: MatrixExpr | None
    rest: tuple[MatrixExpr, ...]


def weight_of(plan: Plan, term: MatrixExpr) -> MatrixExpr | None:
    """The W or W^T of a term number * W v or number * W^T v, for a tied parameter W."""
    _, parts = tidy.split_number(term)
    inner = parts[0].arg if isinstance(parts[0], sp.Transpose) else parts[0]
    if len(parts) != 2 or isinstance(inner, Timed) or not isinstance(inner, sp.MatrixSymbol):
        return None
    return parts[0] if array_rank(plan.model[inner.name]) == 2 else None


def weight_and_operand(plan: Plan, term: MatrixExpr) -> tuple[sp.MatrixSymbol, MatrixExpr] | None:
    """The W and v of a term number * W v, for a tied parameter W."""
    weight = weight_of(plan, term)
    return (weight, tidy.split_number(term)[1][1]) if isinstance(weight, sp.MatrixSymbol) else None


def _operands(plan: Plan, block: Block) -> list[tuple[MatrixExpr, sp.Basic]]:
    """The operands that several weights of one shape meet."""
    met: dict[tuple[MatrixExpr, sp.Basic], set[Key]] = {}
    for s in block.statements:
        for term in terms(s.values[0]) if _can_be_row(plan, s) else ():
            found = weight_and_operand(plan, term)
            if found and isinstance(found[1], Timed):
                met.setdefault((found[1], found[0].shape), set()).add(s.key)
    return [operand for operand, keys in met.items() if len(keys) > 1]


def _can_be_row(plan: Plan, s: Statement) -> bool:
    alone = len(s.targets) == 1 and plan.pack(s.key) is None and not is_state(plan, s.key)
    variable = variable_of(plan.model, s.key)
    return alone and variable.columns == 1 and variable.rows != 1


def _stack(plan: Plan, index: int, operand: tuple[MatrixExpr, sp.Basic]) -> Plan:
    block = plan.forward[index]
    found = [_gate(plan, s, operand) for s in block.statements if _can_be_row(plan, s)]
    members = [g for g in found if g is not None]
    if len(members) < 2:
        return plan
    members, hoisted = _alike(members)
    rows = [chain(plan, block, g.statement) for g in members]
    labels: list[tuple[object, ...]] = [
        tuple(form(s, before.targets[0]) for before, s in pairwise(row)) for row in rows
    ]
    order = best_order(labels)
    members, rows, labels = ([items[i] for i in order] for items in (members, rows, labels))  # type: ignore[assignment]
    together, starts = _first_stage(members)
    first: Statement | None = together
    replaced = {g.statement: s for g, s in zip(members, starts, strict=True) if s is not None}
    statements: list[Statement] = []
    for s in block.statements:
        if s is members[0].statement or (s in replaced and first is not None):
            statements += [first] if first is not None else []
            first = None
        if s in replaced:
            statements.append(replaced[s])
        elif all(s is not g.statement for g in members):
            statements.append(s)
    if first is not None:
        statements.insert(0, first)
    statements = _merged(statements, rows, labels)
    names = [((Partial(row[0].key),) if s is not None else ()) + tuple(r.key for r in row)
             for row, s in zip(rows, starts, strict=True)]
    keys = tuple((Hoisted(row[0].key), *name) for row, name in zip(rows, names, strict=True))
    ordered = sorted_within(statements)
    if ordered is None:
        return plan
    blocks = list(plan.forward)
    blocks[index] = replace(block, statements=tuple(ordered))
    return replace(plan, forward=_with_hoisted(blocks, index, hoisted), packs=(*plan.packs, Pack(keys, True)))


def _gate(plan: Plan, s: Statement, operand: tuple[MatrixExpr, sp.Basic]) -> _Gate | None:
    product: MatrixExpr | None = None
    shared: list[MatrixExpr] = []
    rest: list[MatrixExpr] = []
    for term in terms(s.values[0]):
        found = weight_and_operand(plan, term)
        if product is None and found and (found[1], found[0].shape) == operand:
            product = term
        elif term == Hoisted(s.key):
            shared.insert(0, term)
        elif is_constant(term):
            shared.append(term)
        else:
            rest.append(term)
    if product is None:
        return None
    return _Gate(s, product, tidy.add(*shared) if shared else None, tuple(rest))


def _alike(members: list[_Gate]) -> tuple[list[_Gate], list[Statement]]:
    """Give all gates the same kind of summand: all a hoisted one, all a constant, or none."""
    kinds = {None if g.shared is None else is_constant(g.shared) for g in members}
    if kinds in ({None}, {True}):
        return members, []
    hoisted: list[Statement] = []
    made: list[_Gate] = []
    for g in members:
        target = Hoisted(g.statement.key)
        shared = sp.ZeroMatrix(*target.shape) if g.shared is None else g.shared
        if shared != target:
            hoisted.append(Statement((target,), (shared,), g.statement.numbers))
        made.append(replace(g, shared=target))
    return made, hoisted


def _first_stage(members: list[_Gate]) -> tuple[Statement, list[Statement | None]]:
    """The stacked product, and for each gate the statement that adds its rest, if it has one."""
    targets, values = [], []
    rests: list[Statement | None] = []
    for g in members:
        value = g.product if g.shared is None else tidy.add(g.product, g.shared)
        target = g.statement.targets[0]
        if g.rest:
            target = Partial(target)
            rests.append(g.statement.having(tidy.add(target, *g.rest)))
        else:
            rests.append(None)
        targets.append(target)
        values.append(value)
    numbers = tuple(n for g in members for n in g.statement.numbers)
    return Statement(tuple(targets), tuple(values), numbers), rests


def _merged(statements: list[Statement], rows: list[tuple[Statement, ...]], labels: list[tuple[object, ...]]) -> list[Statement]:
    """One statement for neighbours that do the same, wherever an order of computation is left."""
    for stage in range(max(len(row) for row in labels)):
        column = [row[stage] if stage < len(row) else None for row in labels]
        for run in runs(column):
            statements = _joined(statements, [rows[i][stage + 1] for i in run])
    return statements


def _joined(statements: list[Statement], members: list[Statement]) -> list[Statement]:
    """The statements with the members made one, or as many of the first ones as an order of computation allows."""
    while len(members) > 1:
        joined = Statement(
            tuple(t for m in members for t in m.targets),
            tuple(v for m in members for v in m.values),
            tuple(dict.fromkeys(n for m in members for n in m.numbers)),
        )
        last = max(i for i, s in enumerate(statements) if s in members)
        trial = [joined if i == last else s for i, s in enumerate(statements) if i == last or s not in members]
        ordered = sorted_within(trial)
        if ordered is not None:
            return ordered
        members = members[:-1]
    return statements


def _with_hoisted(blocks: list[Block], index: int, hoisted: list[Statement]) -> tuple[Block, ...]:
    if hoisted and index and not blocks[index - 1].each:
        blocks[index - 1] = replace(blocks[index - 1], statements=blocks[index - 1].statements + tuple(hoisted))
    elif hoisted:
        blocks.insert(index, Block(tuple(hoisted), each=False))
    return tuple(blocks)


def _gather(plan: Plan, index: int) -> Plan:
    """Pack the adjoints that one sum of transposed products reads."""
    block = plan.backward[index]
    for s in block.statements:
        members = [m for m in (_transposed(plan, block, t) for t in terms(s.values[0])) if m is not None]
        same = list(dict.fromkeys(m for m in members if m.shape == members[0].shape and plan.pack(key_of(m)) is None))
        if len(same) < 2:
            continue
        makers = [next(x for x in block.statements if key_of(m) in x.keys) for m in same]
        own = [_is_own(plan, m) for m in makers]
        labels: list[tuple[object, ...]] = [(_common_factor(m) if o else None,) for m, o in zip(makers, own, strict=True)]
        order = best_order(labels)
        makers, labels = [makers[i] for i in order], [labels[i] for i in order]
        statements = list(block.statements)
        for run in runs([label[0] for label in labels]):
            statements = _joined(statements, [makers[i] for i in run])
        pack = Pack(tuple((LocalFactor(m.key), m.key) if _is_own(plan, m) else (m.key,) for m in makers), False)
        blocks = list(plan.backward)
        blocks[index] = block = replace(block, statements=tuple(statements))
        plan = replace(plan, backward=tuple(blocks), packs=(*plan.packs, pack))
    return plan


def _transposed(plan: Plan, block: Block, term: MatrixExpr) -> Timed | None:
    """The d of a term number * W^T d, for an adjoint d of the same loop and step."""
    _, parts = tidy.split_number(term)
    if len(parts) != 2 or not isinstance(parts[0], sp.Transpose) or not isinstance(parts[1], Timed):
        return None
    weight = parts[0].arg
    if isinstance(weight, Timed) or not isinstance(weight, sp.MatrixSymbol) or array_rank(plan.model[weight.name]) != 2:
        return None
    made_here = parts[1] in block.keys and isinstance(parts[1], Adjoint)
    maker = next((s for s in block.statements if key_of(parts[1]) in s.keys), None)
    return parts[1] if made_here and maker is not None and _can_be_row(plan, maker) else None


def _is_own(plan: Plan, statement: Statement) -> bool:
    """Whether a loop reads a gate's local factor only to make the gate's adjoint, so that this can take its place."""
    ahead = {s for block in plan.backward for s in block.ahead}
    return [s for s in plan.readers(LocalFactor(statement.key)) if s not in ahead] == [statement]


def _common_factor(statement: Statement) -> object:
    """What a gate's own local factor is multiplied by; None if its adjoint is made in another way."""
    value = statement.values[0]
    if not isinstance(value, sp.HadamardProduct) or len(value.args) != 2:
        return None
    own = [a for a in value.args if a == LocalFactor(statement.key)]
    others = [a for a in value.args if a not in own]
    return others[0] if len(own) == 1 and not isinstance(statement.key, LocalFactor) and symbols(others[0]) else None
