"""How a derivation is presented: the language of its words and the notation of its formulas.

The words are those of `symbptt.words`. A text that depends on the layout is a table with the keys `column` and `row`. A text may
have slots, as {name}, for words or formulas, and small formulas between backquotes, as `t = 1`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt import typeset, words
from symbptt.algebra.nodes import SOURCE
from symbptt.errors import UnknownName
from symbptt.model.model_file import Translation
from symbptt.model.values import Model, Variable
from symbptt.narrative import shapes
from symbptt.narrative.inline import Prose, math, plain
from symbptt.typeset import TEXTBOOK, Notation, notations
from symbptt.typeset.tree import Equality, Identifier, Matrix, Tree, rebuilt
from symbptt.words import SLOT, table

_T = TypeVar("_T")


def slots(text: str) -> frozenset[str]:
    """The names of the slots of a text."""
    return frozenset(SLOT.findall(text))


def _filled(text: str, values: Mapping[str, str | Tree | Prose]) -> Prose:
    said: list[str | Tree] = []
    for i, part in enumerate(SLOT.split(text)):
        value = values[part] if i % 2 else part
        said += value if isinstance(value, tuple) else (value,)
    return tuple(part for part in said if part != "")


@dataclass(frozen=True)
class Presentation:
    """A language and a notation; `words` are texts by key that stand before those of the tables, `source` is the letter of the
    source step.

    Raises UnknownName for a language without tables, and for a key or a slot that the tables lack.
    """

    language: str = "en"
    notation: Notation = TEXTBOOK
    words: tuple[tuple[str, str], ...] = ()
    source: str = "k"

    def about(self, model: Model) -> Presentation:
        """The presentation with the letters that a model leaves free."""
        return replace(self, source=typeset.text(SOURCE, model))

    def steps(self, text: str) -> Tree:
        """A formula about steps, such as t = k+1, …, T, with the letter of the source step."""
        return self._sourced(math(text))

    def _sourced(self, tree: Tree) -> Tree:
        if tree == Identifier("k"):
            return Identifier(self.source)
        return tree if self.source == "k" else rebuilt(tree, self._sourced)

    def __post_init__(self) -> None:
        known = table(self.language)
        for key, text in self.words:
            if key not in known:
                raise UnknownName(f"text in {self.language}", key, known)
            for slot in sorted(slots(text) - slots(known[key])):
                raise UnknownName(f"slot in {key}", slot, slots(known[key]) or {"none"})

    def _raw(self, key: str) -> str:
        known = {**table(self.language), **dict(self.words)}
        for name in (key, f"{key}.{self.notation.layout}"):
            if name in known:
                return known[name]
        raise UnknownName(f"text in {self.language}", key, known)

    def text(self, key: str, **values: str) -> str:
        """A text without formulas, its slots filled with words."""
        return words.filled(self._raw(key), values)

    def prose(self, key: str, **values: str | Tree | Prose) -> Prose:
        """A text as prose, its slots filled with words, formulas or prose; inside backquotes, with words only."""
        said: list[str | Tree] = []
        for i, part in enumerate(self._raw(key).split("`")):
            said += [self.steps(SLOT.sub(lambda match: str(values[match[1]]), part))] if i % 2 else _filled(part, values)
        return tuple(said)

    def tree(self, expression: sp.Basic | Tree, model: Model | None = None) -> Tree:
        """A formula in this notation."""
        return typeset.compose(expression, self.notation, model)

    def title(self, model: Model) -> str:
        """The title of a model."""
        return self._translated(model).title or words.phrase(model.title, self.language) or model.title

    def notes(self, model: Model) -> tuple[str, ...]:
        """What a model file says to its reader."""
        return self._translated(model).notes or tuple(words.phrase(note, self.language) or note for note in model.notes)

    def _translated(self, model: Model) -> Translation:
        return next((told for told in model.translations if told.language == self.language), Translation(self.language))

    def plain(self, key: str, **values: str | Tree | Prose) -> str:
        """A text as words alone, its formulas in Unicode."""
        return plain(self.prose(key, **values), typeset.text)

    def listed(self, trees: Iterable[Tree]) -> Prose:
        """Formulas one after another, with this language's comma of a list in between."""
        said: list[str | Tree] = []
        for tree in trees:
            said += [self.text("common.list.comma"), tree]
        return tuple(said[1:])

    def joined(self, parts: Iterable[Prose]) -> Prose:
        """Statements one after another, with this language's semicolon in between."""
        said: list[str | Tree] = []
        for part in parts:
            said += [self.text("rules.separator"), *part]
        return tuple(said[1:])

    def own(self, texts: Iterable[tuple[str, str]]) -> str:
        """Of texts by language the one in this language, else in English, else any; empty if there is none."""
        return words.spoken(texts, self.language)

    def equation(self, model: Model, left: sp.Basic | Tree, *sides: sp.Basic | Tree) -> Equality:
        """left = side = … in this notation."""
        return typeset.equation(left, *sides, model=model, notation=self.notation)

    def name(self, variable: Variable, model: Model) -> Tree:
        """The symbol of a variable without its step."""
        return typeset.name_of(sp.MatrixSymbol(variable.name, variable.rows, variable.columns), model, self.notation)

    def blocks(self, model: Model, parts: tuple[tuple[MatrixExpr, ...], ...]) -> Matrix:
        """A matrix of blocks, given by rows as for columns; in the row layout it is transposed as everything else."""
        laid = tuple(zip(*parts, strict=True)) if self.notation.layout == "row" else parts
        return Matrix(tuple(tuple(self.tree(part, model) for part in row) for row in laid))

    def ordered(self, factors: list[_T]) -> list[_T]:
        """The factors of a product, given as for columns: in the row layout the last one comes first."""
        return factors[::-1] if self.notation.layout == "row" else factors

    def shape(self, expression: MatrixExpr) -> str:
        """(rows×columns) of a formula in the layout."""
        return shapes.shape(typeset.laid(expression, self.notation))

    def check(self, value: MatrixExpr, result: MatrixExpr | None = None) -> str:
        """The shapes of the operands of a formula and the shape they give, which is that of `result`."""
        whole = value if result is None else result
        said = shapes.check(typeset.laid(value, self.notation), typeset.laid(whole, self.notation))
        return said.replace("⊙", self.notation.hadamard)


ENGLISH = Presentation()
"""The default: English, textbook notation."""


def presentation_in(language: str = "en", notation: str = "textbook", layout: str | None = None) -> Presentation:
    """A presentation by the names of its parts; `layout` is "column" or "row", None for that of the notation.

    Raises UnknownName for a language, notation or layout that does not exist, BadInput for a notation file with a mistake.
    """
    found = notations.load(notation)
    return Presentation(language, found if layout is None else replace(found, layout=layout))
