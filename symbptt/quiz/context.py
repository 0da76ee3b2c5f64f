"""What questions are drawn from: a model, told in one presentation, and its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.related import Adjoint
from symbptt.derive.recursion import RecursionEquation, recursion
from symbptt.document.context import DocumentContext
from symbptt.mistakes import Mistake, catalogue
from symbptt.mistakes.edits import one_by_one
from symbptt.model.read import differentiable
from symbptt.model.values import Model
from symbptt.narrative import backward
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.values import Prose
from symbptt.quiz.point import Point, Worth, point, same
from symbptt.typeset.tree import Tree

STEPS, SAMPLES = 3, 3
"""Where numbers are compared."""


@dataclass(frozen=True)
class Line:
    """A line of the backward recursion as documents show it: `apart` if it is that of the steps before the last."""

    equation: RecursionEquation
    left: MatrixExpr
    right: MatrixExpr
    apart: bool

    @property
    def name(self) -> str:
        """By which questions about it are told apart."""
        return str(self.equation.number)


@dataclass(frozen=True)
class Wrong:
    """A line with a mistake in it, and what its right side is worth."""

    mistake: Mistake
    shown: Tree
    worth: Worth


@dataclass(frozen=True)
class QuizContext:
    """A model that has a loss, which is summed over the steps, told in one presentation."""

    model: Model
    presentation: Presentation

    @classmethod
    def of(cls, model: Model, presentation: Presentation) -> QuizContext:
        """The context of any model; one without a loss gets cotangents from outside."""
        made = differentiable(model)
        assert made.loss is not None
        return cls(replace(made, loss=replace(made.loss, reduction="sum")), presentation.about(made))

    @cached_property
    def document(self) -> DocumentContext:
        """The same for parts of documents."""
        return DocumentContext((self.model,), STEPS, presentation=self.presentation)

    @cached_property
    def point(self) -> Point:
        """Where formulas are compared."""
        return point(self.model, STEPS, SAMPLES, 0)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The lines of the recursion that are asked about: adjoints, and gradients of parameters."""
        model, found = self.model, recursion(self.model)
        zero = backward.zero_before_last(model)
        made: list[Line] = []
        for e in found.adjoints:
            if e.variable.name not in zero:
                last, right = backward.right_sides(model, e)
                made.append(Line(e, Adjoint(e.variable.at()), right, last != right))
        made += [
            Line(e, backward.gradient_of(model, e.variable), backward.gradient_side(model, e), False)
            for e in found.gradients if e.variable in model.parameters and e.terms and not backward.splits(model, e)
        ]
        return tuple(made)

    def written(self, line: Line, right: MatrixExpr | Tree) -> Tree:
        """A line with a right side."""
        side = self.presentation.tree(right, self.model)
        return backward.line(self.presentation.tree(line.left, self.model), side, line.apart)

    def named(self, lines: Sequence[Line]) -> tuple[Prose, ...]:
        """What the adjoints in lines are of, where their symbols do not say it."""
        read = (c.through for line in lines for c in (*line.equation.terms, *line.equation.carries))
        variables = dict.fromkeys((*(line.equation.variable for line in lines), *read))
        slots = (backward.of_unnamed(self.model, self.presentation, v) for v in variables)
        return tuple(self.presentation.prose("quiz.named", **named) for named in slots if named)

    def worth(self, line: Line, right: MatrixExpr) -> Worth:
        """What a right side in the place of a line's own is worth at every step for which the line holds."""
        return self.point.worth(right, not line.apart)

    @cached_property
    def alternatives(self) -> dict[str, tuple[Wrong, ...]]:
        """For every line, by its name, the right sides with one mistake of the catalogue that have another value."""
        return {line.name: tuple(self._wrong(line)) for line in self.lines}

    def _wrong(self, line: Line) -> Iterator[Wrong]:
        worth, right = self.worth(line, line.right), self.written(line, line.right)
        for mistake, value in mistaken(self.model, line.right):
            other, shown = self.worth(line, value), self.written(line, value)
            if shown != right and not same(worth, other):
                yield Wrong(mistake, shown, other)


def mistaken(model: Model, value: MatrixExpr) -> Iterator[tuple[Mistake, MatrixExpr]]:
    """A formula with each mistake of the catalogue in turn, at each place."""
    for mistake in catalogue():
        for made in one_by_one(mistake.edit, model, value) if mistake.edit else ():
            if made is not None and made != value:
                yield mistake, made
