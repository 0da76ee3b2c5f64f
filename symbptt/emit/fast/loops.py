"""The head of a loop over the steps."""

from __future__ import annotations

WIDTH = 110
"""Longer lines are broken."""


def header(names: list[str], arrays: list[str], steps: str) -> list[str]:
    """The head of a loop over arrays; `steps` names their rows where the line would be too long."""
    if not names:
        return ["for _ in range(T):"]
    if len(names) == 1:
        return [f"for {names[0]} in {arrays[0]}:"]
    line = f"for {', '.join(names)} in zip({', '.join(arrays)}):"
    if len(line) <= WIDTH:
        return [line]
    pairs = [f"    {', '.join(arrays[i : i + 4])}," for i in range(0, len(arrays), 4)]
    return [f"{steps} = zip(", *pairs, ")", f"for {', '.join(names)} in {steps}:"]
