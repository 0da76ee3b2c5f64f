"""Pass: of the statements that add to a buffer the first one assigns, and what none of them reaches starts at zero."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import sympy as sp

from symbptt.program.ir import GIVEN, STEPS, Assign, Buffer, For, Function, Index, Num, Statement, Subscript, fixed
from symbptt.program.walk import assignments, read_by

ZERO = Num(sp.S.Zero)


@dataclass(frozen=True)
class Writer:
    """A statement, the rows that it writes (first, and one behind the last), and its loop."""

    statement: Assign
    loop: For | None
    place: int

    @property
    def whole(self) -> bool:
        """Whether every entry of its rows is written, once."""
        s = self.statement
        inner = zip(s.at[1:], s.target.axes[1:], strict=True) if s.target.timed else zip(s.at, s.target.axes, strict=True)
        loops = self.loop is None or any(x.index == self.loop.index for x in s.at)
        return s.unless is None and loops and all(x.covers(size) for x, size in inner)

    @property
    def rows(self) -> tuple[sp.Expr, sp.Expr]:
        """The rows of steps, as far as they are known."""
        first = self.statement.at[0]
        if first.index is None:
            return first.by, first.by + 1
        start = self.loop.start if self.loop is not None and self.loop.index == first.index else sp.S.Zero
        return start + first.by, first.index.size + first.by


def settle(function: Function) -> Function:
    """The function with `=` and `+=` settled, and zeros where they are needed."""
    writers: dict[Buffer, list[Writer]] = {}
    for place, (loop, s) in enumerate(_each(function.body)):
        writers.setdefault(s.target, []).append(Writer(s, loop, place))
    read = {r.buffer: None for s in assignments(function.body) for r in read_by(s)}
    first: set[int] = set()
    zeros: list[Assign] = []
    for buffer in {**writers, **read, **dict.fromkeys(function.gives)}:
        if buffer.kind in GIVEN or (buffer in function.keeps and buffer not in writers):
            continue
        assigns, missing = _settled(buffer, sorted(writers.get(buffer, ()), key=_when))
        first |= {w.place for w in assigns}
        zeros += missing
    count = iter(range(len(list(_each(function.body)))))
    body = tuple(_marked(s, first, count) for s in function.body)
    return replace(function, body=(*zeros, *body))


def _each(body: tuple[Statement, ...]) -> Iterator[tuple[For | None, Assign]]:
    for statement in body:
        if isinstance(statement, For):
            yield from ((statement, s) for s in statement.body if isinstance(s, Assign))
        elif isinstance(statement, Assign):
            yield None, statement


def _marked(statement: Statement, first: set[int], count: Iterator[int]) -> Statement:
    if isinstance(statement, For):
        return replace(statement, body=tuple(_marked(s, first, count) for s in statement.body))
    assert isinstance(statement, Assign)
    return replace(statement, add=next(count) not in first)


def _when(writer: Writer) -> tuple[int, int, int]:
    """The order in which writers come to the same row: inside a loop the row that is ahead in time comes first."""
    at, loop = writer.statement.at, writer.loop
    ahead = int(at[0].by) if loop is not None and at and writer.statement.target.timed and at[0].index == loop.index else 0
    # Loops have no place of their own; what is in one stands together.
    return writer.place if loop is None else _begin(writer), ahead if loop is not None and loop.reverse else -ahead, writer.place


def _begin(writer: Writer) -> int:
    assert writer.loop is not None
    return writer.place - next(k for k, s in enumerate(writer.loop.body) if s is writer.statement)


def _settled(buffer: Buffer, writers: list[Writer]) -> tuple[list[Writer], list[Assign]]:
    """Which writers assign, and what is set to zero before all of them."""
    everything = tuple(Subscript(Index(f"z{k}", size)) if size != 1 else fixed(0) for k, size in enumerate(buffer.axes))
    zero = Assign(buffer, everything, ZERO, add=False)
    if not writers:
        return [], [zero]
    first = writers[0]
    if not buffer.timed:
        return ([first], []) if first.whole else ([], [zero])
    if not first.whole:
        return [], [zero]
    rows, last = first.rows, buffer.axes[0]
    if rows == (0, last):
        return [first], []
    ahead = last == STEPS + 1
    if ahead and rows == (0, 1) and len(writers) > 1 and writers[1].whole and writers[1].rows == (1, last):
        return writers[:2], []
    if ahead and rows in ((0, STEPS), (1, last)):
        row = fixed(STEPS if rows[0] == 0 else 0)
        return [first], [replace(zero, at=(row, *everything[1:]))]
    return [], [zero]


