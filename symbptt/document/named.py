"""A model as documents tell it: inner values have a letter, with what they are part of as its index, as u_h for a part of h; one
that is too long to stand in another formula has an equation of its own."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from symbptt import typeset
from symbptt.model.values import Equation, Model, Variable
from symbptt.typeset.names import label
from symbptt.typeset.symbols import MAX_DEFINITION, many
from symbptt.typeset.tree import Identifier, Number, Row, Script, Style, Tree

LETTERS = ("u", "m", "e", "z", "d")
"""The letters of inner values, in the order of preference."""


def named(model: Model, bold: bool = True) -> Model:
    """The model in which no formula stands in the index of an adjoint, nor one inside another that would be too long there."""
    model = with_letters(model, bold)
    for equation in model.equations:
        value = equation.target.definition
        if value is not None and len(typeset.text(value, model)) > MAX_DEFINITION:
            model = _with(model, equation)
    return _numbered(model)


def with_letters(model: Model, bold: bool = True) -> Model:
    """The model in which every inner value has a letter, its index what it is part of, and a number where that has several."""
    firsts = {v.name.split("_")[0] for v in model.variables if v.definition is None}
    letter = next((letter for letter in LETTERS if letter not in firsts), "")
    inner = [v for v in model.variables if v.definition is not None]
    if not inner or not letter:
        return model
    parts = Counter(v.name.rpartition("_")[0] for v in inner)
    own = {v: replace(v, latex=_symbol(letter, v, parts, bold)) for v in inner}

    def told(equations: tuple[Equation, ...]) -> tuple[Equation, ...]:
        return tuple(replace(e, target=own.get(e.target, e.target)) for e in equations)

    return replace(
        model, variables=tuple(own.get(v, v) for v in model.variables), equations=told(model.equations),
        loss=model.loss and replace(model.loss, equations=told(model.loss.equations)),
    )


def _symbol(letter: str, variable: Variable, parts: Counter[str], bold: bool) -> str:
    """u_h for h_1, the only inner value of h; u_h1 where there are more, and u_h mean for what has a name of its own."""
    of, _, own = variable.name.rpartition("_")
    last = Number(own) if own.isdigit() else Identifier(own, Style.UPRIGHT)
    index: tuple[Tree, ...] = (label(of, bold=False).plain(), *((last,) if parts[of] > 1 or not own.isdigit() else ()))
    style = Style.BOLD if bold and many(variable) else Style.ITALIC
    return typeset.latex(Script(Identifier(letter.upper() if len(variable.shape) > 1 else letter, style), Row(index)))


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
