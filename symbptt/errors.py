"""What can go wrong, and whose mistake it is.

`BadInput`      the caller's: a model file, an option, a value. One sentence, with the place. Exit code 2.
`UnknownName`   the caller's: a name that is in no table; suggests the nearest. Exit code 2.
`Disagreement`  two routes to one gradient differ: exit code 1.
`Stale`         a committed file is not what the sources make of it: exit code 1.
`MissingRule`   ours: a node type that a rule, printer or emitter does not cover; names the file to edit.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class SymbpttError(Exception):
    """Base of every error that symbptt raises on purpose."""

    exit_code = 2


class BadInput(SymbpttError):
    """Input that cannot be accepted; the message names the place and what was expected."""


class UnknownName(BadInput):
    """A name that is not in its table."""

    def __init__(self, kind: str, name: str, known: Iterable[str], place: str = "") -> None:
        names = sorted(known)
        near = get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
        super().__init__(f"{place + ': ' if place else ''}unknown {kind} {name!r}; {hint}")


class Disagreement(SymbpttError):
    """Two routes to the same number differ."""

    exit_code = 1


class Stale(SymbpttError):
    """A generated file differs from what its recipe gives."""

    exit_code = 1


class MissingRule(SymbpttError):
    """A node type that a table does not cover yet."""

    def __init__(self, what: str, node: object, file: str) -> None:
        super().__init__(f"no {what} for {type(node).__name__}; add one to {file}")
