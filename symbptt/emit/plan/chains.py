"""Rows of a pack: which values of a gate take turns in one place, and the order of gates that shares most work."""

from itertools import groupby, permutations

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.nodes import TIME, Elementwise, Timed
from symbptt.algebra.related import Related
from symbptt.emit.plan.statements import Block, Key, Plan, Statement, key_of, symbols
from symbptt.model.values import Role

Row = tuple[Statement, ...]
MOST = 6
"""Gates of which all orders are tried."""


def chain(plan: Plan, block: Block, first: Statement) -> Row:
    """A gate's statements from its product on, each the only reader of the one before, and elementwise."""
    row = [first]
    while True:
        following = _only_reader(plan, block, row[-1])
        if following is None:
            return tuple(row)
        row.append(following)


def _only_reader(plan: Plan, block: Block, statement: Statement) -> Statement | None:
    key = statement.key
    readers = plan.readers(key)
    if len(readers) != 1 or readers[0] not in block.statements or key in outside_reads(plan):
        return None
    reader = readers[0]
    alone = {s for v in reader.values for s in symbols(v)} == {statement.targets[0]}
    return reader if alone and is_pointwise(reader.values[0]) and not is_state(plan, reader.key) else None


def is_state(plan: Plan, key: Key) -> bool:
    """Whether a key is a state, which has a row more than other values."""
    return not isinstance(key, Related) and plan.model[key.name].role is Role.STATE


def outside_reads(plan: Plan) -> set[Key]:
    """What the caller or the loss reads."""
    loss = plan.model.loss.equations if plan.model.loss else ()
    return {v.at() for v in plan.model.outputs} | {key_of(s) for e in loss for s in e.value.atoms(sp.MatrixSymbol)}


def is_pointwise(value: MatrixExpr) -> bool:
    """tanh(x), or numbers times x plus numbers: what is done to a whole array in one call."""
    if type(value) is Elementwise:
        return isinstance(value.operand, Timed) and not value.numbers
    return isinstance(value, sp.MatAdd) and value.is_commutative is not None and _is_affine(value)


def _is_affine(value: sp.MatAdd) -> bool:
    kinds = (sp.MatMul, sp.matrices.expressions.special.OneMatrix, Timed)
    return all(isinstance(part, kinds) for term in value.args for part in (term, *term.args) if getattr(part, "is_Matrix", False))


def form(statement: Statement, own: Timed) -> sp.Basic:
    """What a statement does to its own gate: equal for gates that one call can serve."""
    value = statement.values[0]
    return value.xreplace({own: Timed("gate", own.rows, own.cols, TIME)})


def best_order(labels: list[tuple[object, ...]]) -> list[int]:
    """The order of rows with the fewest runs of equal labels, stage by stage; the given order if that is no better."""
    indices = range(len(labels))
    if len(labels) > MOST:
        return sorted(indices, key=lambda i: [str(label) for label in labels[i]])
    return list(min(permutations(indices), key=lambda order: _runs([labels[i] for i in order])))


def _runs(labels: list[tuple[object, ...]]) -> int:
    stages = max(len(row) for row in labels)
    total = 0
    for stage in range(stages):
        column = [row[stage] if stage < len(row) else None for row in labels]
        total += sum(1 for label, _ in groupby(column) if label is not None)
    return total


def runs(labels: list[object]) -> list[range]:
    """The ranges of equal neighbours; None belongs to no range."""
    made, start = [], 0
    for label, members in groupby(labels):
        count = len(list(members))
        if label is not None:
            made.append(range(start, start + count))
        start += count
    return made
