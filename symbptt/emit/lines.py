"""Statements of emitted code: which equations they compute, what they read and assign, and how they become text."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from symbptt.emit import syntax

WIDTH = 88
"""The column at which equation numbers stand."""


@dataclass(frozen=True)
class Note:
    """The number of an equation of the derivation, with words around it."""

    number: int
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        return f"{self.before}({self.number}){self.after}"


@dataclass(frozen=True)
class Line:
    """A statement, the equations that it computes, and the statements indented under it; one without text is a comment.

    One that is `optional` is there for those who read what it assigns.
    """

    text: str
    notes: tuple[Note, ...] = ()
    body: tuple[Line, ...] = ()
    comment: str = ""
    optional: bool = False

    @cached_property
    def tree(self) -> ast.stmt | None:
        """The statement as a syntax tree, without what stands under it."""
        return ast.parse(self.text + " pass" * bool(self.body)).body[0] if self.text else None

    @cached_property
    def reads(self) -> frozenset[str]:
        """The names that the statement reads, and what stands under it."""
        return syntax.names(self.tree, store=False).union(*(line.reads for line in self.body))

    @cached_property
    def assigns(self) -> frozenset[str]:
        """The names that an assignment defines."""
        targets = self.tree.targets if isinstance(self.tree, ast.Assign) else ()
        return frozenset[str]().union(*(syntax.names(target, store=True) for target in targets))

    def only(self, read: frozenset[str]) -> Line | None:
        """What is left of an optional assignment without the names that are not read; a `_` stands for one of several."""
        if not self.optional or self.assigns <= read:
            return self
        if self.assigns.isdisjoint(read):
            return None
        assert isinstance(self.tree, ast.Assign) and isinstance(self.tree.targets[0], ast.Tuple)
        left, right = self.tree.targets[0], self.tree.value
        names = [self._part(name) for name in left.elts]
        if isinstance(right, ast.Tuple):
            pairs = [(name, self._part(value)) for name, value in zip(names, right.elts, strict=True) if name in read]
            return replace(self, text=f"{', '.join(name for name, _ in pairs)} = {', '.join(value for _, value in pairs)}")
        kept = ", ".join(name if name in read else "_" for name in names)
        return replace(self, text=f"{kept} = {self._part(right)}")

    def _part(self, node: ast.expr) -> str:
        """What stands in the text for a node of its tree."""
        return ast.get_source_segment(self.text, node) or ""


def reads(lines: Iterable[Line]) -> frozenset[str]:
    """The names that lines read."""
    return frozenset[str]().union(*(line.reads for line in lines))


def opened(texts: Iterable[str]) -> list[Line]:
    """Lines that define what a function may need."""
    return [Line(text, optional=True) for text in texts]


def needed(lines: Iterable[Line], read: frozenset[str]) -> list[Line]:
    """The lines without what is optional and nothing reads: neither a later line nor what follows, which reads `read`."""
    kept: list[Line] = []
    for line in reversed(list(lines)):
        used = line.only(read)
        if used is not None:
            kept.append(used)
            read |= used.reads
    return kept[::-1]


def unpacked(names: Iterable[str], value: str) -> str:
    """The assignment of the parts of a value to names, as many as there are."""
    left = list(names)
    return f"{', '.join(left)}{',' * (len(left) == 1)} = {value}"


@dataclass(frozen=True)
class Body:
    """Lines before, in and after a loop over the steps; unrolled code has them all in `before`."""

    before: tuple[Line, ...]
    loop: tuple[Line, ...]
    after: tuple[Line, ...]

    def lines(self, steps: str) -> tuple[Line, ...]:
        """All lines, the loop as one statement."""
        return (*self.before, *([Line(f"for t in {steps}:", body=self.loop)] if self.loop else []), *self.after)


def aligned(lines: Iterable[Line], indent: int = 4, width: int = WIDTH) -> str:
    """Lines as text, comments in one column."""
    return "\n".join(row for line in lines for row in _rows(line, " " * indent, width))


def _rows(line: Line, indent: str, width: int) -> Iterator[str]:
    comment = line.comment or " ".join(map(str, line.notes))
    *first, last = (indent + row if row else "" for row in line.text.split("\n"))
    yield from first
    if comment:
        yield f"{last:<{width}}  # {comment}" if last else f"{indent}# {comment}"
    else:
        yield last
    for inner in line.body:
        yield from _rows(inner, indent + "    ", width)
