"""Expressions of the language as trees that know their shape, so that they can be written, and cut down again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp

from symbptt.model.shapes import axis_text

Shape = tuple[sp.Expr, sp.Expr]
"""Rows and columns; a scalar is 1x1."""

SCALAR: Shape = (sp.S.One, sp.S.One)


@dataclass(frozen=True)
class Expression:
    """`form` with the texts of the `parts` in its fields {0}, {1}, ...; a leaf has no parts and names what it `reads`.

    `size` is a rough bound of its entries, by which the generator keeps arguments away from poles and saturation.
    `flat` says that an entry may take one special value, such as 0, for a whole range of data: no place for a kink.
    """

    form: str
    shape: Shape
    parts: tuple[Expression, ...] = ()
    reads: str = ""
    size: float = 2.5
    flat: bool = False

    def text(self) -> str:
        """The expression as the model file has it."""
        return self.form.format(*(part.text() for part in self.parts)) if self.parts else self.form

    def leaves(self) -> Iterator[Expression]:
        """All leaves, from the left."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()

    def places(self) -> Iterator[tuple[int, ...]]:
        """The way to every sub-expression, by numbers of parts; larger ones first."""
        yield ()
        for i, part in enumerate(self.parts):
            yield from ((i, *rest) for rest in part.places())

    def at(self, place: tuple[int, ...]) -> Expression:
        """The sub-expression at a place."""
        return self.parts[place[0]].at(place[1:]) if place else self

    def having(self, place: tuple[int, ...], new: Expression) -> Expression:
        """The expression with another sub-expression at a place."""
        if not place:
            return new
        parts = list(self.parts)
        parts[place[0]] = parts[place[0]].having(place[1:], new)
        return Expression(self.form, self.shape, tuple(parts), self.reads, self.size, self.flat)


def shape_text(shape: Shape, scalar: str = "") -> str:
    """A shape as the model file declares it; `scalar` is "" or "1"."""
    rows, columns = map(axis_text, shape)
    if columns != "1":
        return f"{rows} {columns}"
    return scalar if shape == SCALAR else rows
