"""Pass: a sum over the steps of what a recurrence computes is taken in its loop, where the terms are at hand.

    for t: d_t = ...;   b = sum_t d_t          becomes          b = 0;   for t: d_t = ...;  b += d_t

Matrix products stay outside: one for all steps is faster than one a step.
"""

from collections.abc import Sequence
from dataclasses import replace

from symbptt.passes.settling import ZERO
from symbptt.program.ir import Assign, For, Function, Product, Statement, Subscript
from symbptt.program.lower import STEP
from symbptt.program.walk import assignments, read_by, written_by


def gather(function: Function) -> Function:
    """The function with such sums in the loops that compute their terms."""
    made: list[Statement] = []
    for statement in function.body:
        place = _home(statement, made) if isinstance(statement, Assign) else None
        if place is not None and isinstance(statement, Assign):
            made[place : place + 1] = _within(made[place], statement)
        else:
            made.append(statement)
    return replace(function, body=tuple(made))


def _home(new: Assign, before: Sequence[Statement]) -> int | None:
    """The place of the loop that computes what a sum over the steps adds up, if the sum may be taken there."""
    if STEP not in new.over or new.unless is not None:
        return None
    terms = {r.buffer for r in read_by(new)}
    for place in reversed(range(len(before))):
        inner = tuple(assignments((before[place],)))
        if terms & {written_by(s) for s in inner}:
            loop = before[place]
            return place if isinstance(loop, For) and _serves(loop, new) else None
        if any(new.target in (written_by(s), *(r.buffer for r in read_by(s))) for s in inner):
            return None
    return None


def _serves(loop: For, new: Assign) -> bool:
    """Whether a step of the loop leaves every term as it stays, and looks at no sum."""
    inner = tuple(assignments(loop.body))
    if loop.index != STEP or loop.start != 0 or any(r.buffer == new.target for s in inner for r in read_by(s)):
        return False
    rows = [(r.at[:1], _at(s)[:1]) for r in read_by(new) for s in inner if written_by(s) == r.buffer]
    return all(row and row == written and row[0].index == STEP for row, written in rows)


def _at(statement: Assign | Product) -> tuple[Subscript, ...]:
    return statement.target.at if isinstance(statement, Product) else statement.at


def _within(loop: Statement, new: Assign) -> tuple[Statement, ...]:
    """The loop with the sum behind what makes the terms, and before it the zero that the sum starts from."""
    assert isinstance(loop, For)
    terms = {r.buffer for r in read_by(new)}
    last = max(k for k, s in enumerate(loop.body) if terms & {written_by(x) for x in assignments((s,))})
    # Behind the elementwise statements that follow, which share a nest of loops with those that make the terms.
    place = next((k for k, s in enumerate(loop.body) if k > last and not (isinstance(s, Assign) and not s.over)), len(loop.body))
    step = replace(new, over=tuple(i for i in new.over if i != STEP), add=True)
    start = () if new.add else (Assign(new.target, new.at, ZERO, add=False),)
    return (*start, replace(loop, body=(*loop.body[:place], step, *loop.body[place:])))
