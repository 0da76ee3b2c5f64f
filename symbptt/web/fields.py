"""The fields of a request, read with suspicion: whatever comes from a page is checked here, and only here."""

from collections.abc import Iterable, Mapping
from typing import Any

from symbptt.errors import BadInput, UnknownName

Request = Mapping[str, Any]
LONGEST = 64 * 1024
"""The most characters of a text."""


def text(request: Request, name: str, default: str = "") -> str:
    """A text; raises BadInput for another kind of value and for one that is too long."""
    value = request.get(name, default)
    if not isinstance(value, str):
        raise BadInput(f"{name}: expected a text")
    if len(value) > LONGEST:
        raise BadInput(f"{name}: expected at most {LONGEST // 1024} KiB of text")
    return value


def whole(request: Request, name: str, default: int, most: int) -> int:
    """A whole number from 1 to `most`; raises BadInput for another value."""
    value = request.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise BadInput(f"{name}: expected a whole number from 1 to {most}")
    return value


def choice(request: Request, name: str, known: Iterable[str]) -> str:
    """One of the known names, the first of them by default; raises UnknownName for another one."""
    names = tuple(known)
    value = text(request, name, names[0])
    if value not in names:
        raise UnknownName(name, value[:40], names)
    return value
