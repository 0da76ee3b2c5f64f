"""Where in a model file something stands, and the one way to complain about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from symbptt.errors import BadInput, UnknownName


@dataclass(frozen=True)
class Place:
    """A file, and inside it a section, a key and a column (1-based) of the key's text; empty parts are left out.

    Where only the line of the file is known, as in text that is no TOML, it is `line` (1-based) with a column of its own; the
    message has said so already.
    """

    file: str
    section: str = ""
    key: str = ""
    column: int = 0
    line: int = field(default=0, kw_only=True)

    def __str__(self) -> str:
        inside = " ".join(part for part in (f"[{self.section}]" if self.section else "", self.key) if part)
        where = f"{self.file}: {inside}" if inside else self.file
        return f"{where}, column {self.column}" if self.column else where

    def within(self, section: str, key: str = "") -> Place:
        """The place of a section or of a key in it."""
        return replace(self, section=section, key=key, column=0)

    def at(self, column: int) -> Place:
        """The place of a column in the same text."""
        return replace(self, column=column)

    def error(self, message: str, kind: type[BadInput] = BadInput) -> BadInput:
        """The error to raise: the place and one sentence."""
        error = kind(f"{self}: {message}")
        error.place = self
        return error

    def unknown(self, kind: str, name: str, known: Iterable[str]) -> UnknownName:
        """The error for a name that is in no table; suggests the nearest."""
        error = UnknownName(kind, name, known, str(self))
        error.place = self
        return error
