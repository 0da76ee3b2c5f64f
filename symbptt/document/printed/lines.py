"""Lines of a listing: several that make arrays in the same way are one, and long ones are cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

WIDEST = 80
"""The longest line."""
MANY = 7
"""The arrays of a line."""

_ALIKE = (
    (re.compile(r"    (\w+) = np\.asarray\(parameters\['(\w+)'\]\)"), "(np.asarray(parameters[p]) for p in {words!r}.split())"),
    (re.compile(r"    (\w+) = np\.zeros\((\w+)\.shape\)"), "(np.zeros(p.shape) for p in ({items},))"),
    (re.compile(r"    (\w+) = (np\.empty\(\(.*\)\))"), "({first} for _ in range({number}))"),
)
"""Lines of which several in a row are said in one: what they look like, and the right side of the one."""


def together(lines: list[str]) -> Iterator[str]:
    """Arrays made in the same way, in one line."""
    while lines:
        pattern, right = next(((p, text) for p, text in _ALIKE if p.fullmatch(lines[0])), (None, ""))
        run = [match for line in takewhile(pattern.fullmatch, lines) if (match := pattern.fullmatch(line))] if pattern else []
        if right.startswith("({first}"):
            run = [match for i, match in enumerate(run) if all(one[2] == run[0][2] for one in run[: i + 1])]
        run = run[:MANY]
        if len(run) < 2:
            yield lines.pop(0)
            continue
        del lines[: len(run)]
        left, items = ", ".join(match[1] for match in run), [match[2] for match in run]
        slots = {"words": " ".join(items), "items": ", ".join(items), "first": items[0], "number": len(run)}
        yield f"    {left} = {right.format(**slots)}"


def wrapped(line: str) -> list[str]:
    """A line that is too long, cut behind commas inside brackets."""
    if len(line) <= WIDEST or "#" in line:
        return [line]
    head, *others = line.split(", ")
    made = [head]
    for part in others:
        inside = len(made) > 1 or any(sign in made[-1] for sign in "([{")
        if len(made[-1]) + len(part) > WIDEST - 2 and inside:
            made[-1] += ","
            made.append(" " * 8 + part)
        else:
            made[-1] += f", {part}"
    return made
