"""Pass: only what is a recurrence stays in a loop over the steps; everything else is done for all of them at once.

In single assignment a value depends on what writes the buffers that it reads, at whichever step: the cycles of that graph are the
recurrences (loop distribution: Kennedy and Allen, 2001, Optimizing Compilers for Modern Architectures, chapter 5).
"""

from dataclasses import replace

import sympy as sp

from symbptt.passes.components import Edges, components, waits
from symbptt.program.ir import Assign, Buffer, For, Function, Index, Statement
from symbptt.program.lower import SAMPLE, STEP
from symbptt.program.walk import indices, read_by


def schedule(function: Function) -> Function:
    """The function with its loops over the steps taken apart."""
    return replace(function, body=tuple(s for statement in function.body for s in _split(statement)))


def _split(statement: Statement) -> list[Statement]:
    if not isinstance(statement, For):
        return [statement]
    body = [s for s in statement.body if isinstance(s, Assign)]
    writers: dict[Buffer, list[int]] = {}
    for number, s in enumerate(body):
        writers.setdefault(s.target, []).append(number)
    edges: Edges = [{w for r in read_by(s) for w in writers.get(r.buffer, ())} for s in body]
    if statement.start != 0:
        return [replace(statement, body=tuple(body[k] for k in _sorted(body, list(range(len(body))))))]
    groups = components(edges)
    waiting = waits(groups, edges)
    made: list[Statement] = []
    left = set(range(len(groups)))
    while left:
        ready = [g for g in left if not waiting[g] & left]
        g = min(ready, key=lambda g: (not _alike(made, body, groups[g]), groups[g][0]))
        left.remove(g)
        if len(groups[g]) == 1 and groups[g][0] not in edges[groups[g][0]]:
            made.append(over_steps(body[groups[g][0]]))
        else:
            made.append(replace(statement, body=tuple(body[k] for k in _sorted(body, groups[g]))))
    return made


def _alike(made: list[Statement], body: list[Assign], group: list[int]) -> bool:
    """Whether a statement runs over the same entries as the one before it: then one loop may do both."""
    last = made[-1] if made else None
    return isinstance(last, Assign) and len(group) == 1 and nest(last) == nest(over_steps(body[group[0]]))


def nest(statement: Assign) -> tuple[Index, ...]:
    """The loops that an assignment needs, from the outermost: steps and samples, what is summed over, entries."""
    free = (*statement.over, *(index for s in statement.at for index in s.indices))
    shared = (index for index in (STEP, SAMPLE) if index in free)
    return tuple(dict.fromkeys((*shared, *free)))


def over_steps(statement: Assign) -> Assign:
    """A statement of one step as one for all of them: what does not belong to a step is summed over them."""
    belongs = any(s.index == STEP for s in statement.at)
    if belongs or STEP not in indices(statement.value):
        return statement
    return replace(statement, over=(STEP, *statement.over))


def _sorted(body: list[Assign], group: list[int]) -> list[int]:
    """Statements of one step in an order that serves every reader.

    What is alike stands together, and products that no statement of the step waits for stand last.
    """
    writers: dict[tuple[Buffer, sp.Expr | None], set[int]] = {}
    for k in group:
        writers.setdefault((body[k].target, _row(body[k].target, body[k].at)), set()).add(k)
    waits = {k: {w for r in read_by(body[k]) for w in writers.get((r.buffer, _row(r.buffer, r.at)), ())} for k in group}
    order: list[int] = []
    awaited = {w for needs in waits.values() for w in needs}
    rank = {k: 0 if not body[k].over else 1 if k in awaited else 2 for k in group}
    while len(order) < len(group):
        ready = [k for k in group if k not in order and waits[k] <= set(order)]
        last = nest(body[order[-1]]) if order else ()
        order.append(min(ready, key=lambda k: (rank[k] == 2, nest(body[k]) != last, rank[k], k)))
    return order


def _row(buffer: Buffer, at: tuple[object, ...]) -> sp.Expr | None:
    """Which step's row it is, counted from the present one; None for a buffer without steps."""
    first = at[0] if buffer.timed else None
    return getattr(first, "by", None)
