"""Pass: take apart what is a recurrence and what is one formula for all t."""

from dataclasses import replace

import sympy as sp

from symbptt.algebra.nodes import TIME
from symbptt.emit.plan.statements import Block, Carry, Plan, Statement, is_stepwise
from symbptt.model.values import Model
from symbptt.passes.components import Edges, components, waits


def schedule(plan: Plan) -> Plan:
    """v_t = f(x_t), or v_t = f(h_t) that no h reads: all t at once; only the cycles h_t = f(h_{t-1}) stay loops."""
    return replace(
        plan,
        forward=tuple(b for block in plan.forward for b in _split(plan.model, block)),
        backward=tuple(b for block in plan.backward for b in _split(plan.model, block)),
    )


def needs(statements: tuple[Statement, ...]) -> Edges:
    """For every statement the ones that it reads, at whichever step."""
    maker = {key: i for i, s in enumerate(statements) for key in s.keys}
    return [{maker[key] for key, _ in s.reads if key in maker} for s in statements]


def _split(model: Model, block: Block) -> list[Block]:
    statements = block.statements
    edges = needs(statements)
    groups = components(edges)
    cyclic = [len(g) > 1 or g[0] in edges[g[0]] for g in groups]
    loops = [c or is_stepwise(model, statements[g[0]]) for g, c in zip(groups, cyclic, strict=True)]
    blocks: list[Block] = []
    for i in _order(groups, edges, loops):
        made = tuple(statements[j] for j in groups[i])
        last = blocks[-1] if blocks else None
        joined = _joined(last, made, loops[i]) if last and last.each == loops[i] and not cyclic[i] else None
        if joined:
            blocks[-1] = Block(tuple(joined), loops[i])
        else:
            blocks.append(Block(made, loops[i]))
    return blocks


def _joined(last: Block, made: tuple[Statement, ...], looped: bool) -> list[Statement] | None:
    """One block of two: for all t at once every read comes after what it reads, at whichever step; in a loop the step decides."""
    statements = [*last.statements, *made]
    return sorted_within(statements) if looped else statements


def _order(groups: list[list[int]], edges: Edges, loops: list[bool]) -> list[int]:
    """Components in an order that serves every reader, with few changes between loops and the rest."""
    waiting = waits(groups, edges)
    order: list[int] = []
    kind = False
    while len(order) < len(groups):
        ready = [g for g in range(len(groups)) if g not in order and waiting[g] <= set(order)]
        same = [g for g in ready if loops[g] is kind]
        chosen = min(same or ready, key=lambda g: groups[g][0])
        kind = loops[chosen]
        order.append(chosen)
    return order


def sorted_within(statements: list[Statement]) -> list[Statement] | None:
    """The statements of one step in an order that serves every reader, near the given one; None if there is none.

    Whoever reads what the step after passed back comes before the statement that passes the next one.
    """
    maker = {key: i for i, s in enumerate(statements) for key in s.keys}
    needed: Edges = [set() for _ in statements]
    for i, s in enumerate(statements):
        for key, step in s.reads:
            if key not in maker or maker[key] == i:
                continue
            if sp.sympify(step) == TIME:
                needed[i].add(maker[key])
            elif isinstance(key, Carry):
                needed[maker[key]].add(i)
    done: list[int] = []
    while len(done) < len(statements):
        ready = next((i for i in range(len(statements)) if i not in done and needed[i] <= set(done)), None)
        if ready is None:
            return None
        done.append(ready)
    return [statements[i] for i in done]
