"""The lines of a body as text."""

from __future__ import annotations

from symbptt.emit.passes import Line
from symbptt.emit.program import Body

WIDTH = 88
"""The column at which equation numbers stand."""


def aligned(lines: tuple[Line, ...], indent: int) -> str:
    """Lines as text, comments in one column."""
    made = []
    for line in lines:
        text = " " * indent + line.text
        if not line.text:
            made.append(f"{' ' * indent}# {line.comment}" if line.comment else "")
        elif line.comment:
            made.append(f"{text:<{WIDTH}}  # {line.comment}")
        else:
            made.append(text)
    return "\n".join(made)


def block(body: Body | None, loop: str) -> str:
    """A body as text, with its loop header."""
    if body is None:
        return ""
    parts = [aligned(body.before, 4)] if body.before else []
    if body.loop:
        parts += [f"    for t in {loop}:", aligned(body.loop, 8)]
    if body.after:
        parts.append(aligned(body.after, 4))
    return "\n".join(parts)
