"""What can go wrong, and whose mistake it is.

`BadInput`      the caller's: a model file, an option, a value. One sentence, with the place. Exit code 2.
`UnknownName`   the caller's: a name that is in no table; suggests the nearest. Exit code 2.
`UnknownSize`   the caller's: a dimension that no array of the model tells. Exit code 2.
`Disagreement`  two routes to one gradient differ: exit code 1.
`Stale`         a committed file is not what the sources make of it: exit code 1.
`MissingRule`   ours: a node type that a rule, printer or emitter does not cover; names the file to edit.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class SymbpttError(Exception):
    """Base of every error that symbptt raises on purpose."""

    exit_code = 2


class BadInput(SymbpttError):
    """Input that cannot be accepted; the message names the place and what was expected.

    `place` is the place as a value, where there is one, for whoever shows it otherwise than in words.
    """

    place: object = None


MOST_LISTED = 60
"""The most names that a message lists."""
SHORTEST = 4
"""The fewest letters that begin a name for it to be meant."""
LIKENESS = 0.7
"""How much of two names must be alike for one to be meant by the other: max is not softmax."""


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The known name that was probably meant, upper and lower case aside: alike, only begun, or with letters in another order."""
    for spelled in (str, str.lower):
        if near := get_close_matches(spelled(name), [spelled(k) for k in known], n=1, cutoff=LIKENESS):
            return next(k for k in known if spelled(k) == near[0])
    begun_or_turned = (k for k in known if (len(name) >= SHORTEST and k.startswith(name)) or sorted(k) == sorted(name))
    return next(begun_or_turned, None)


class UnknownName(BadInput):
    """A name that is not in its table."""

    def __init__(self, kind: str, name: str, known: Iterable[str], place: str = "") -> None:
        names = sorted(known)
        near = nearest(name, names)
        listed = names if len(names) <= MOST_LISTED else [*names[:MOST_LISTED], f"... ({len(names)} in all)"]
        hint = f"did you mean {near!r}?" if near else f"known: {', '.join(listed)}"
        super().__init__(f"{place + ': ' if place else ''}unknown {kind} {name!r}; {hint}")


class UnknownSize(BadInput):
    """A model with a dimension whose size no array of it, or of one part of it, tells."""


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
