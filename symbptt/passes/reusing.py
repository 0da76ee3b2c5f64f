"""Pass: an elementwise result goes where its operand was, if nobody needs the operand any more.

    a = W h;  y = tanh(a)          becomes          y = W h;  y = tanh(y)

It saves the memory, and the time that it takes to go through it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import sympy as sp

from symbptt.model.shapes import at_least
from symbptt.passes.fusion import apart
from symbptt.passes.stacking import Place, moved
from symbptt.program.ir import GIVEN, RETURNED, Assign, Buffer, For, Function, Product, Read
from symbptt.program.walk import read_by, written_by


@dataclass(frozen=True)
class _Use:
    """A read, by which statement, and where that stands among the statements outside of loops."""

    read: Read
    by: Assign | Product
    place: int


def reuse(function: Function) -> Function:
    """The function with results in the places of operands."""
    fixed = {*function.keeps}
    while True:
        found = next(_found(function, fixed), None)
        if found is None:
            return function
        function = replace(function, body=tuple(moved(s, found) for s in function.body))


def _each(function: Function) -> Iterator[tuple[int, Assign | Product]]:
    for place, statement in enumerate(function.body):
        for s in statement.body if isinstance(statement, For) else (statement,):
            if isinstance(s, (Assign, Product)):
                yield place, s


def _found(function: Function, fixed: set[Buffer]) -> Iterator[dict[Buffer, Place]]:
    """A buffer that may lie in another one."""
    statements = list(_each(function))
    uses: dict[Buffer, list[_Use]] = {}
    writers: dict[Buffer, list[Assign | Product]] = {}
    for place, s in statements:
        writers.setdefault(written_by(s), []).append(s)
        for read in read_by(s):
            uses.setdefault(read.buffer, []).append(_Use(read, s, place))
    for place, s in statements:
        if not isinstance(s, Assign) or s.add or s.over or s.unless or _outer(s.target, fixed) or len(writers[s.target]) > 1:
            continue
        for read in read_by(s):
            into = _place(s, read)
            if into is not None and not _outer(read.buffer, fixed) and _last(s, read, place, uses[read.buffer]):
                yield {s.target: into}


def _outer(buffer: Buffer, fixed: set[Buffer]) -> bool:
    """Whether somebody outside of the function has to do with a buffer."""
    return buffer.kind in GIVEN | RETURNED or buffer in fixed


def _place(s: Assign, read: Read) -> Place | None:
    """Where the target would lie: at the entries that are read, shifted along one axis at most."""
    if s.target == read.buffer or len(s.at) != len(read.at) or not s.at:
        return None
    if any((a.index, a.head, a.block) != (b.index, b.head, b.block) for a, b in zip(s.at, read.at, strict=True)):
        return None
    shifts = [b.by - a.by for a, b in zip(s.at, read.at, strict=True)]
    unlike = [k for k, (a, b) in enumerate(zip(s.target.axes, read.buffer.axes, strict=True)) if a != b or shifts[k] != 0]
    if len(unlike) > 1 or (unlike == [0] and s.target.timed):
        return None
    axis = unlike[0] if unlike else 0
    whole = all(a.index is None or a.covers(size) for a, size in zip(s.at, s.target.axes, strict=True))
    shift = sp.sympify(shifts[axis])
    fits = at_least(shift, 0) and at_least(read.buffer.axes[axis] - shift - s.target.axes[axis], 0)
    return Place(read.buffer, axis, shift) if whole and fits else None


def _last(s: Assign, read: Read, place: int, uses: list[_Use]) -> bool:
    """Whether no statement reads these entries after this one, nor in the same loop, nor this one any others."""
    loops = tuple(index for x in s.at for index in x.indices)
    return all(
        use.read == read if use.by is s else use.place < place or apart(use.read.at, read.at, loops) for use in uses
    )
