"""Pass: a vector that runs entry by entry, h_t = a_t * h_{t-1} + b_t, is one call, for which a and b are there for all t."""

from dataclasses import replace

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.nodes import Timed
from symbptt.emit.plan.statements import Block, Decay, Gradient, Hoisted, Plan, Statement, is_stepwise, key_of, symbols, terms


def scans(plan: Plan) -> Plan:
    """The values that a step needs beside h, or the adjoint's carry, follow for all t at once."""
    return replace(plan, forward=_all(plan, plan.forward), backward=_all(plan, plan.backward))


def _all(plan: Plan, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    return tuple(made for block in blocks for made in (_taken_apart(plan, block) if block.each else [block]))


def _taken_apart(plan: Plan, block: Block) -> list[Block]:
    """The block as it is, or three: what the call needs, the call, and what reads its results."""
    lagged = {symbol for s in block.statements for v in s.values for symbol in symbols(v)
              if key_of(symbol) in block.keys and symbol != key_of(symbol)}
    if len(lagged) != 1 or not all(_is_plain(plan, s) for s in block.statements):
        return [block]
    (before,) = lagged
    if before.shape[1] != 1:  # a matrix has too many entries for two levels to pay
        return [block]
    own = next(s for s in block.statements if s.key == key_of(before))
    others = [_hoisted(block, s) for s in block.statements if s is not own]
    ahead = [*block.ahead, *(s for _, free in others for s in free)]
    known = {s.key: s.values[0] for s, _ in others}
    value = own.values[0]
    while any(symbol in known for symbol in symbols(value)):
        value = value.xreplace(known)
    found = _weights(value, before)
    if found is None or any(tidy.is_zero(v) or any(key_of(s) in block.keys for s in symbols(v)) for v in found):
        return [block]
    decay, start, target = *found, Hoisted(own.key)
    if not isinstance(decay, Timed):
        ahead.append(Statement((Decay(own.key),), (decay,), own.numbers))
        decay = Decay(own.key)
    if start != target:
        ahead.append(Statement((target,), (start,), own.numbers))
    step = own.having(tidy.add(tidy.hadamard(decay, before), target))
    after = tuple(s for s, _ in others)
    blocks = (Block(tuple(ahead), each=False), Block((step,), each=True, decay=decay), Block(after, each=False))
    return [b for b in blocks if b.statements]


def _is_plain(plan: Plan, statement: Statement) -> bool:
    """Whether a statement makes one value of a sample, which has a place of its own."""
    single = len(statement.targets) == 1 and not isinstance(statement.key, Gradient)
    return single and not is_stepwise(plan.model, statement) and plan.pack(statement.key) is None


def _hoisted(block: Block, statement: Statement) -> tuple[Statement, list[Statement]]:
    """A statement with all that comes from outside the block in one value, and the statement of that."""
    bound = [t for t in terms(statement.values[0]) if any(key_of(s) in block.keys for s in symbols(t))]
    free = [t for t in terms(statement.values[0]) if t not in bound]
    target = Hoisted(statement.key)
    if not free or free == [target]:
        return statement, []
    return statement.having(tidy.add(*bound, target)), [Statement((target,), (tidy.add(*free),), statement.numbers)]


def _weights(value: MatrixExpr, before: Timed) -> tuple[MatrixExpr, MatrixExpr] | None:
    """a and b of the value a * h + b, entry by entry; None where it is more than that."""
    zero = sp.ZeroMatrix(*before.shape)
    if before not in symbols(value):
        return zero, value
    if value == before:
        return OneMatrix(*before.shape), zero
    if isinstance(value, sp.MatAdd):
        parts = [_weights(term, before) for term in value.args]
        found = [part for part in parts if part is not None]
        return (tidy.add(*(a for a, _ in found)), tidy.add(*(b for _, b in found))) if len(found) == len(parts) else None
    number, (product, *more) = tidy.split_number(value)
    factors = product.args if isinstance(product, sp.HadamardProduct) else (product,)
    moving = [f for f in factors if before in symbols(f)]
    inner = _weights(moving[0], before) if not more and len(moving) == 1 and (number != 1 or len(factors) > 1) else None
    if inner is None:
        return None
    others = [f for f in factors if f is not moving[0]]
    a, b = (tidy.scale(number, tidy.hadamard(part, *others)) for part in inner)
    return a, b
