"""What goes step by step: a loop, or the call that stands for one."""

from collections.abc import Mapping

from symbptt.algebra.nodes import Timed
from symbptt.emit.fast.operands import Arrays, lag_of
from symbptt.emit.lines import Line, reads
from symbptt.emit.plan.statements import Statement, key_of

WIDTH = 110
"""Longer lines are broken."""
BACK = "[::-1]"


def loop(over: Mapping[str, str], backward: bool, steps: str, lines: list[Line]) -> list[Line]:
    """A loop over those arrays, by the name of their rows, that lines read; `steps` names rows where the line would be too long.

    Without lines there is no loop.
    """
    read = reads(lines)
    names = [name for name in over if name in read]
    arrays = [over[name] + BACK * backward for name in names]
    body = tuple(lines)
    if not body:
        return []
    if not names:
        return [Line("for _ in range(T):", body=body)]
    if len(names) == 1:
        return [Line(f"for {names[0]} in {arrays[0]}:", body=body)]
    head = f"for {', '.join(names)} in zip({', '.join(arrays)}):"
    if len(head) <= WIDTH:
        return [Line(head, body=body)]
    pairs = "".join(f"    {', '.join(arrays[i : i + 4])},\n" for i in range(0, len(arrays), 4))
    return [Line(f"{steps} = zip(\n{pairs})"), Line(f"for {', '.join(names)} in {steps}:", body=body)]


def scan(arrays: Arrays, statement: Statement, decay: Timed, backward: bool) -> Line:
    """A recurrence entry by entry, over the array that holds its first value in a row more than there are steps."""
    weights, values = arrays.over_time(key_of(decay), lag_of(decay)), arrays.storage.layout.name(statement.key)
    return Line(f"_scan({weights}{BACK * backward}, {values}{BACK * backward})", statement.numbers)
