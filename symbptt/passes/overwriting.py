"""Pass: what a loop computes from a buffer takes its place, entry by entry, if nobody needs that any more.

    for t: d_t = f(a_t)          becomes          for t: v = a_t;  a_t = f(v)

It saves the memory, and the time to go through it: adjoints take the place of their gates.
"""

from dataclasses import replace

from symbptt.model.shapes import at_least
from symbptt.passes.fusion import apart
from symbptt.program.ir import GIVEN, RETURNED, Assign, Buffer, Expr, For, Function, Group, Index, Kind, Read, Subscript
from symbptt.program.statements import rebuilt
from symbptt.program.walk import assignments, mapped, read_by, written_by


def overwrite(function: Function) -> Function:
    """The function with such buffers in the place of others."""
    for loop in function.body:
        if type(loop) is For:
            for group in loop.body:
                pair = _pair(function, loop, group) if isinstance(group, Group) else None
                if pair is not None and isinstance(group, Group):
                    return overwrite(_merged(function, loop, group, *pair))
    return function


def _merged(function: Function, loop: For, group: Group, made: Buffer, old: Buffer) -> Function:
    """The function with `made` in the place of `old`, whose entries the group reads before it writes any."""
    ats = dict.fromkeys(r.at for s in group.assignments for r in read_by(s) if r.buffer == old)
    held = {at: replace(old, kind=Kind.TEMPORARY, name=f"{old.name}_{number}") for number, at in enumerate(ats)}

    def change(node: Expr) -> Expr:
        return Read(held[node.at], node.at) if isinstance(node, Read) and node.buffer == old else node

    loads = tuple(Assign(buffer, at, Read(old, at), add=False) for at, buffer in held.items())
    rest = tuple(replace(s, value=mapped(s.value, change)) for s in group.assignments)
    new = replace(group, assignments=(*loads, *rest), local=group.local | {*held.values()})
    within = replace(loop, body=tuple(new if s is group else s for s in loop.body))
    body = tuple(within if s is loop else s for s in function.body)
    return replace(function, body=rebuilt(body, lambda b: old if b == made else b, lambda size: size))


def _pair(function: Function, loop: For, group: Group) -> tuple[Buffer, Buffer] | None:
    """A buffer that the group alone writes, and one in whose place it may be."""
    if any(s.over or s.unless for s in group.assignments):
        return None
    outer = {*function.keeps, *group.local, *(s.target for s in group.assignments if s.add)}
    reads = [r for s in group.assignments for r in read_by(s)]
    for made in dict.fromkeys(s.target for s in group.assignments):
        for old in dict.fromkeys(r.buffer for r in reads):
            like = old != made and (old.axes, old.timed) == (made.axes, made.timed)
            free = not any(b in outer or b.kind in GIVEN | RETURNED for b in (made, old))
            if like and free and _alone(function, loop, group, made, old) and _meets(loop, group, made, old):
                return made, old
    return None


def _alone(function: Function, loop: For, group: Group, made: Buffer, old: Buffer) -> bool:
    """Whether nobody else writes the new one or reads it before, and the old one is written before and not read again."""
    place = function.body.index(loop)
    before, after = function.body[:place], function.body[place + 1 :]
    at = loop.body.index(group)
    ahead, behind = (tuple(assignments(part)) for part in ((*before, *loop.body[:at]), (*loop.body[at + 1 :], *after)))
    beside = (*assignments(loop.body[:at]), *behind)
    written_beside, read_beside = {written_by(s) for s in beside}, {r.buffer for s in beside for r in read_by(s)}
    new = made in written_beside or any(made in (written_by(s), *(r.buffer for r in read_by(s))) for s in ahead)
    return not new and old not in written_beside | read_beside | {s.target for s in group.assignments}


def _meets(loop: For, group: Group, made: Buffer, old: Buffer) -> bool:
    """Whether every turn of the loops has entries of its own, the same ones in both, all of them there."""
    loops = (loop.index, *group.indices)
    written = {s.at for s in group.assignments if s.target == made}
    read = {r.at for s in group.assignments for r in read_by(s) if r.buffer == old}
    again = {r.at for s in group.assignments for r in read_by(s) if r.buffer == made}
    own = all(_own(at, loops, old) for at in written | read) and again <= written
    return own and all(a == b or apart(a, b, loops) for a in written for b in read)


def _own(at: tuple[Subscript, ...], loops: tuple[Index, ...], buffer: Buffer) -> bool:
    """Whether an entry is there in every turn, and no two turns meet in it."""
    if {s.index for s in at if s.index is not None} != {*loops} or any(s.head for s in at):
        return False
    ends = ((s.by, s.by + (s.index.size if s.index else 1), size) for s, size in zip(at, buffer.axes, strict=True))
    return all(at_least(start, 0) and at_least(size - stop, 0) for start, stop, size in ends)
