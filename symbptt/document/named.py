"""A model as documents tell it: an inner value that is too long to stand in another formula has the name that code gives it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from symbptt import typeset
from symbptt.model.values import Equation, Model
from symbptt.typeset.symbols import MAX_DEFINITION


def named(model: Model) -> Model:
    """The model in which no formula stands in the index of an adjoint, or inside another, that would be too long there."""
    for equation in model.equations:
        value = equation.target.definition
        if value is not None and len(typeset.text(value, model)) > MAX_DEFINITION:
            model = _with(model, equation)
    return _numbered(model)


def _with(model: Model, shown: Equation) -> Model:
    """The model in which this equation stands by itself."""
    bare = replace(shown.target, definition=None)
    return replace(
        model, variables=tuple(bare if v == shown.target else v for v in model.variables),
        equations=tuple(replace(e, target=bare) if e == shown else e for e in model.equations),
    )


def _numbered(model: Model) -> Model:
    """The equations numbered again: one that stands inside another has the number of that."""
    count = iter(range(1, len(model.all_equations) + 1))
    cell = tuple(_counted(model.equations, count))
    loss = model.loss and replace(model.loss, equations=tuple(_counted(model.loss.equations, count)))
    return replace(model, equations=cell, loss=loss)


def _counted(equations: tuple[Equation, ...], count: Iterator[int]) -> Iterator[Equation]:
    waiting: list[Equation] = []
    for equation in equations:
        waiting.append(equation)
        if equation.target.definition is None:
            number = next(count)
            yield from (replace(one, number=number) for one in waiting)
            waiting = []
