"""Pass: what does not depend on the recurrence is computed before it."""

from dataclasses import replace

from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.nodes import BatchMean, is_leaf
from symbptt.algebra.related import Cotangent
from symbptt.emit.plan.statements import (
    Block,
    Gradient,
    Hoisted,
    Key,
    Plan,
    Statement,
    is_constant,
    is_untied,
    key_of,
    symbols,
    terms,
)


def hoist(plan: Plan) -> Plan:
    """a_t = u_t + W h_{t-1} with u_t = U x_t + b: u for all t is one product, and the loop adds it."""
    return replace(plan, forward=_all(plan, plan.forward), backward=_all(plan, plan.backward))


def _all(plan: Plan, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    made: list[Block] = []
    for block in blocks:
        if not block.each:
            made.append(block)
            continue
        found = [_split(plan, block, s) for s in block.statements]
        ahead = tuple(f[1] for f in found if f[1] is not None)
        if ahead and made and not made[-1].each:
            made[-1] = Block(made[-1].statements + ahead, each=False)
        elif ahead:
            made.append(Block(ahead, each=False))
        made.append(replace(block, statements=tuple(f[0] for f in found)))
    return tuple(made)


def _split(plan: Plan, block: Block, statement: Statement) -> tuple[Statement, Statement | None]:
    """The statement without its hoisted summands, and the statement of those."""
    keys = block.keys | {s.key for s in block.ahead}
    if isinstance(statement.key, Gradient):
        return statement, None
    parts = terms(statement.values[0])
    free = [p for p in parts if _is_free(plan, keys, p)]
    bound = [p for p in parts if p not in free]
    if not bound or not _is_worth_it(free):
        return statement, None
    target = Hoisted(statement.key)
    return statement.having(tidy.add(*bound, target)), Statement((target,), (tidy.add(*free),), statement.numbers)


def _is_free(plan: Plan, keys: frozenset[Key], term: MatrixExpr) -> bool:
    return not term.has(BatchMean) and not any(key in keys or is_untied(plan.model, key) for key in map(key_of, symbols(term)))


def _is_worth_it(free: list[MatrixExpr]) -> bool:
    """Whether there is work to save: more than a stored value, a constant or a cotangent from outside."""
    moving = [p for p in free if not is_constant(p) and not isinstance(p, Cotangent)]
    return len(moving) > 1 or any(not is_leaf(p) for p in moving)
