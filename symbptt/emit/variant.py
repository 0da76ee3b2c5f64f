"""A variant of the plain module: another template on the same frame, with what it needs besides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from symbptt.emit.lines import Body
from symbptt.emit.plain import PlainWriter

Parts = dict[str, tuple[Body | None, str]]
"""Bodies by name, each with the range of its loop: the body called x goes with the opening lines x_open."""


@dataclass(frozen=True)
class Variant:
    """`options` is what the command line takes to ask for it, `suffix` goes into the file's name.

    `extend` adds to the template's values and to the parts before they become text.
    """

    template: str
    options: str
    suffix: str
    extend: Callable[[PlainWriter, dict[str, Any], Parts], None]
