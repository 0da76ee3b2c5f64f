"""Where in a model file something stands, and the one way to complain about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from symbptt.errors import BadInput, UnknownName


@dataclass(frozen=True)
class Place:
    """A file, and inside it a section, a key and a column (1-based) of the key's text; empty parts are left out."""

    file: str
    section: str = ""
    key: str = ""
    column: int = 0

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

    def error(self, message: str) -> BadInput:
        """The error to raise: the place and one sentence."""
        return BadInput(f"{self}: {message}")

    def unknown(self, kind: str, name: str, known: Iterable[str]) -> UnknownName:
        """The error for a name that is in no table; suggests the nearest."""
        return UnknownName(kind, name, known, str(self))
