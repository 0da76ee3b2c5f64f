"""Pass: elementwise assignments over the same entries share one nest of loops, and what only they know is never stored."""

from collections import Counter
from dataclasses import replace

from symbptt.model.shapes import at_least
from symbptt.passes.scheduling import nest
from symbptt.program.ir import RETURNED, Assign, Buffer, For, Function, Group, Index, InverseUnitLower, Statement, Subscript
from symbptt.program.walk import assignments, read_by, written_by


def fuse(function: Function) -> Function:
    """The function with neighbours joined; every assignment that is no product becomes part of a group."""
    uses: Counter[Buffer] = Counter()
    for s in assignments(function.body):
        uses.update([written_by(s), *(r.buffer for r in read_by(s))])
    kept = frozenset(function.keeps)
    return replace(function, body=_fused(function.body, (), uses, kept))


def _fused(
    body: tuple[Statement, ...], outer: tuple[Index, ...], uses: Counter[Buffer], kept: frozenset[Buffer]
) -> tuple[Statement, ...]:
    made: list[Statement] = []
    for statement in body:
        if isinstance(statement, For):
            made.append(replace(statement, body=_fused(statement.body, (*outer, statement.index), uses, kept)))
        elif isinstance(statement, Assign):
            loops = tuple(index for index in nest(statement) if index not in outer)
            last = made[-1] if made else None
            if isinstance(last, Group) and last.indices == loops and _fits(last, statement):
                made[-1] = replace(last, assignments=(*last.assignments, statement))
            else:
                made.append(Group(loops, (statement,)))
        else:
            made.append(statement)
    return tuple(_with_locals(s, uses, kept) if isinstance(s, Group) else s for s in made)


def _fits(group: Group, new: Assign) -> bool:
    """Whether one pass over the entries may do both: what one writes the other reads or writes at the same entry only."""
    if new.unless or any(old.unless or old.over != new.over for old in group.assignments):
        return False
    if any(isinstance(s.value, InverseUnitLower) for s in (new, *group.assignments)):
        return False
    if new.over and any(old.target in (new.target, *(r.buffer for r in read_by(new))) for old in group.assignments):
        return False
    for old in group.assignments:
        for read in read_by(new):
            if read.buffer == old.target and read.at != old.at and not apart(read.at, old.at, group.indices):
                return False
        for read in read_by(old):
            if read.buffer == new.target and read.at != new.at and not apart(read.at, new.at, group.indices):
                return False
        if old.target == new.target and old.at != new.at and not apart(old.at, new.at, group.indices):
            return False
    return True


def apart(one: tuple[Subscript, ...], other: tuple[Subscript, ...], loops: tuple[Index, ...]) -> bool:
    """Whether two entries are never the same in the loops: along some axis they are in rows of their own, or slices."""
    return any(_never_equal(a, b, loops) for a, b in zip(one, other, strict=True))


def _never_equal(a: Subscript, b: Subscript, loops: tuple[Index, ...]) -> bool:
    if a.head or b.head or a.index != b.index or a.by == b.by:
        return False
    if a.index is None or a.index not in loops:
        return at_least(a.by - b.by, 1) or at_least(b.by - a.by, 1)
    return at_least(a.by - b.by - a.index.size, 0) or at_least(b.by - a.by - a.index.size, 0)


def _with_locals(group: Group, uses: Counter[Buffer], kept: frozenset[Buffer]) -> Group:
    own: Counter[Buffer] = Counter()
    for s in group.assignments:
        own.update([s.target, *(r.buffer for r in read_by(s))])
    local = frozenset(
        s.target for s in group.assignments
        if own[s.target] == uses[s.target] and s.target.kind not in RETURNED and s.target not in kept
        and not s.over and _one_entry(group, s.target)
    )
    return replace(group, local=local)


def _one_entry(group: Group, buffer: Buffer) -> bool:
    """Whether the group meets one entry of a buffer only, and writes it first."""
    written = [s for s in group.assignments if s.target == buffer]
    places = {s.at for s in written} | {r.at for s in group.assignments for r in read_by(s) if r.buffer == buffer}
    return len(places) == 1 and not written[0].add
