"""A loop over the steps."""

from __future__ import annotations

from symbptt.emit.lines import Line

WIDTH = 110
"""Longer lines are broken."""


def loop(names: list[str], arrays: list[str], steps: str, lines: list[Line]) -> list[Line]:
    """A loop over arrays; `steps` names their rows where the line would be too long. Without lines there is no loop."""
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
