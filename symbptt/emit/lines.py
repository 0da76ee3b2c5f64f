"""Lines of emitted code, and how they become text."""

from __future__ import annotations

from dataclasses import dataclass

WIDTH = 88
"""The column at which equation numbers stand."""


@dataclass(frozen=True)
class Line:
    """One line of code with its comment."""

    text: str
    comment: str = ""


@dataclass(frozen=True)
class Body:
    """Lines before, in and after a loop over the steps; unrolled code has them all in `before`."""

    before: tuple[Line, ...]
    loop: tuple[Line, ...]
    after: tuple[Line, ...]


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
