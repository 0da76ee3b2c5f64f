"""Every formula that a derivation prints, in every notation and layout, read back from the page and compared with numbers.

The numbers come from complex steps of the interpreter alone (tests/support/printed/oracle.py), the reading from the visible
signs alone (reader.py); neither knows how a formula was derived. What a symbol looks like is in meaning.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import headed
import numpy as np
import pytest
import sympy as sp
from printed.meaning import Meaning
from printed.numbers import sized
from printed.oracle import Oracle
from printed.reader import Reader, flat, parsed, shown
from zoo import CLASSIC, RECENT

from symbptt import narrative, typeset
from symbptt.algebra import rows
from symbptt.derive import formula
from symbptt.derive import step as one_step
from symbptt.fuzz.generate import draft
from symbptt.model.read import differentiable, from_text, load
from symbptt.model.values import Model
from symbptt.narrative import jacobians, symbols
from symbptt.narrative.inline import math
from symbptt.narrative.presentation import Presentation, presentation_in
from symbptt.narrative.values import Section, Step
from symbptt.typeset import dispatch, notations, operations
from symbptt.typeset import heads as printed_heads
from symbptt.typeset.tree import Aligned, Equality, Tree

T = 3
EVERY_MODEL = True
COUPLED = {"deep_feedforward_batch_norm"}
"""Models whose samples act on each other, which one sample does not show."""
MODELS = [name for name in CLASSIC if name not in COUPLED]
LAYOUTS = ["column", "row"]
QUICK_MODELS = ("elman", "jordan")
QUICK = ["elman", "lstm", "jordan"]
"""The models that are read in every notation each time; the others are slow together."""
KINDS = Path(__file__).parents[1] / "kinds"
QUICK_KINDS = ["matrix-state", "state-between-shapes", "learned-start", "no-loss"]
UNREAD = {"normalised", "scalars-spread", "structured"}
"""Samples that act on each other; 𝟏 𝟏ᵀ and zeros beside the gradient of a part of a matrix, whose size no page shows."""


@cache
def oracle(model: Model, layout: str) -> Oracle:
    """The numbers of a model, which are the same in every notation."""
    return Oracle(model, T, layout, formula.state(model).name if model.states else "")


def sides(tree: Tree) -> tuple[list[ET.Element], str]:
    """The parts of a side, and the text of the note behind three spaces: (t = 1, …, T)."""
    raw = _unrolled(ET.fromstring(typeset.mathml(tree)))
    spaces = [part.tag == "mspace" for part in raw]
    end = next((i for i in range(len(raw) - 2) if all(spaces[i : i + 3])), len(raw))
    note = "".join(part.text or "" for part in raw[end:])
    return [p for part in raw[:end] for p in flat(part)], note.strip("()")


def _unrolled(element: ET.Element) -> list[ET.Element]:
    inner = [part for child in element for part in _unrolled(child)]
    return inner if element.tag in ("math", "mrow") else [element]


def _bound(text: str, k: int) -> int:
    letter, *offset = re.split("([+−])", text)
    start = {"T": T, "k": k}.get(letter) or int(letter)
    return start + (int(offset[1]) * (1 if offset[0] == "+" else -1) if offset else 0)


def ranges(note: str, looks: str, source: str) -> Iterator[dict[str, int]]:
    """The steps for which a line holds: as its note says, else all steps, for the letters that it shows."""
    every, note = range(1, T + 1), note.replace(source, "k")
    sources = every if f"<mi>{source}</>" in looks else [1]
    found = re.fullmatch(r"(\w)=(.*),…,(.*)", note)
    if found:
        for k in sources:
            first, last = _bound(found[2], k), _bound(found[3], k)
            down = found[2].startswith("T")
            for at in range(last, first + 1) if down else range(first, last + 1):
                yield {"T": T, "k": k, found[1]: at}
        return
    for t in every if "<mi>t</>" in looks else [T]:
        yield from ({"T": T, "t": t, "k": k} for k in sources if k <= t)


def close(a: Any, b: Any, what: str) -> None:
    """Compare two sides; what is taken from a vector to the shape of a matrix is compared entry by entry."""
    a, b = sized(a, b), sized(b, a)
    if a.shape != b.shape and a.size == b.size:
        a, b = a.ravel(), b.ravel()
    np.testing.assert_allclose(a + 0 * b, b + 0 * a, rtol=1e-10, atol=1e-12, err_msg=what)


class Told:
    """A derivation that is read step by step; `count` lines were compared."""

    def __init__(self, model: str | Model, presentation: Presentation) -> None:
        self.model, self.count = differentiable(load(model)) if isinstance(model, str) else model, 0
        self.presentation = presentation.about(self.model)
        self.told = narrative.derivation(self.model, T, "all", self.presentation)
        self.oracle = oracle(self.model, presentation.notation.layout)
        self.meaning = Meaning(self.model, self.presentation, self.oracle)
        self.theta = "".join(self.meaning.look(symbols.parameter(self.model)))
        self.known: dict[str, Meaning] = {}
        self.current = [v.name for v in self.told.wrt][:1]

    def read(self) -> int:
        """Read every step."""
        for section in self.told.sections:
            for step in section.steps:
                self._step(section, step)
        return self.count

    def _having(self, theta: str) -> Meaning:
        if theta not in self.known:
            self.known[theta] = self.meaning.having(theta)
        return self.known[theta]

    def _members(self, step: Step) -> None:
        """The variables that the next formulas are about, as the sentence before them says."""
        looks = [self.meaning.look(part) for part in step.claim if not isinstance(part, str)]
        looks = [look for look in looks if look != self.meaning.look(math("P"))]  # the number of entries of θ
        if any("".join(look) == self.theta for look in looks):
            self.current = [self.meaning.places[look][0] for look in looks if "".join(look) != self.theta]
        else:
            self.current = [self.meaning.gradients[look] for look in looks if look in self.meaning.gradients] or self.current

    def _step(self, section: Section, step: Step) -> None:
        self._members(step)
        lines = step.equation.lines if isinstance(step.equation, Aligned) else (step.equation,)
        through = [v for v in (self._through_states(),) if v and step.label == "term-in-blocks"]
        for line in lines:
            every = through or self.current if self.theta in "".join(self.meaning.look(line)) else self.current[:1]
            for theta in every:
                meaning = self._having(theta)
                meaning.local = section.heading == self.presentation.text("derivation.local.heading")
                meaning.direct = step.claim == self.presentation.prose("derivation.local.direct")
                assert isinstance(line, Equality), f"a display without a left side: {typeset.text(line)}"
                self._line(meaning, line, theta)

    def _line(self, meaning: Meaning, line: Equality, theta: str) -> None:
        left, *found = parsed(typeset.mathml(line.left)), *(parsed(typeset.mathml(side)) for side in line.sides[:-1])
        last, note = sides(line.sides[-1])
        found.append(last)
        of = self.meaning.gradients.get(tuple(map(shown, left)))
        if of is not None:
            self.current = [of]
        meaning.acts(left)
        where, reader = typeset.text(line), meaning.reader()
        if line.relation == ":":
            t, k = ([int(part.text or "") for part in left if part.tag == "mn"] + [1])[:2]
            for indices in self._heads({"T": T}):
                close(reader.value(last, indices), self.oracle.term(t, k, meaning._argument(theta, indices)), where)
                self.count += 1
        else:
            self._compare(reader, left, found, note, where)

    def _heads(self, indices: dict[str, int]) -> Iterator[dict[str, int]]:
        """The same for the first and the last head."""
        M = self.oracle.dims[str(self.model.heads)] if self.model.heads is not None else 1
        yield from ({**indices, self.meaning.head: m} for m in sorted({1, M}))

    def _compare(self, reader: Reader, left: list[ET.Element], found: list[list[ET.Element]], note: str, where: str) -> None:
        compared = 0
        looks = "".join(shown(part) for side in (left, *found) for part in side)
        for indices in (each for steps in ranges(note, looks, self.presentation.source) for each in self._heads(steps)):
            indices[self.presentation.source] = indices["k"]
            try:
                expected, *values = [reader.value(side, indices) for side in (left, *found)]
            except LookupError:  # a step without a loss has no L_t
                before = min(indices.get("t", T), indices["k"]) < T
                assert self.model.loss is not None and self.model.loss.at == "last" and before, where
                continue
            for value in values:
                close(value, expected, where)
                compared += 1
        assert compared or (self.model.loss is not None and "T − 1" in where and T < 2), where
        self.count += compared

    def _through_states(self) -> str:
        """A parameter that acts through the states alone, if there is one."""
        return next((
            v.name for v in self.told.wrt
            if one_step.immediate(self.model, v) and one_step.loss_direct(self.model, v) is None and not v.timed
        ), "")


@pytest.mark.sampled(2)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", MODELS)
def test_every_printed_formula_has_its_value(name: str, layout: str) -> None:
    assert Told(name, presentation_in(layout=layout)).read() > 20


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("notation", notations.names())
@pytest.mark.parametrize("name", QUICK)
def test_every_notation_says_the_same(name: str, notation: str, layout: str) -> None:
    assert Told(name, presentation_in("zh", notation, layout)).read() > 100


@pytest.mark.share(3)
@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("notation", notations.names())
@pytest.mark.parametrize("name", sorted(set(MODELS) - set(QUICK)))
def test_every_model_in_every_notation(name: str, notation: str, layout: str) -> None:
    assert Told(name, presentation_in("en", notation, layout)).read() > 20


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", QUICK_KINDS)
def test_every_kind_of_model_is_read(name: str) -> None:
    assert Told(str(KINDS / f"{name}.toml"), presentation_in()).read() > 3


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({file.stem for file in KINDS.glob("*.toml")} - set(QUICK_KINDS) - UNREAD))
def test_every_other_kind_of_model_is_read(name: str) -> None:
    assert Told(str(KINDS / f"{name}.toml"), presentation_in()).read() > 3


@pytest.mark.slow
def test_a_variable_called_k_leaves_its_letter_no_index() -> None:
    told = Told("linear_attention", presentation_in())
    assert told.presentation.source == "κ" and told.read() > 100
    shown = [typeset.text(step.equation) for section in told.told.sections for step in section.steps]
    assert any("∏↷_{j=κ+1..t}" in text for text in shown) and not any("j=k+1" in text or "sₖ" in text for text in shown)


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_heads_are_read_each_on_its_own(layout: str) -> None:
    assert Told("retnet_heads", presentation_in(layout=layout)).read() > 600


@pytest.mark.long
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", [*RECENT, *map(str, headed.FILES)])
def test_every_recent_recurrence_is_read(name: str, layout: str) -> None:
    assert Told(name, presentation_in(layout=layout)).read() > 150


def test_only_the_last_value_of_an_input_acts_on_a_loss_at_the_last_step() -> None:
    model = from_text('''
title = "An input in the loss of the last step"
[inputs]
x = "D"
z = ""
[states]
h = "D"
[parameters]
w = "D"
[targets]
y = "D"
[equations]
h = "tanh(w * h[t-1] + x)"
[loss]
step = "squared_error(h + x * w, y) + z * sum(h)"
at = "last"
''', "last.toml")
    told = Told(model, presentation_in())
    assert told.read() > 50
    lines = [typeset.text(step.equation) for section in told.told.sections for step in section.steps]
    assert any(line.startswith("dL/dz_T = ") and "dL/dzₜ = 0   (t = T − 1, …, 1)" in line for line in lines)


def _scaled(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, more = operations.scaled, sp.Rational(1001, 1000)
    monkeypatch.setattr(operations, "scaled", lambda number, pieces, setting: whole(number * more, pieces, setting))


def _without_transposes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "transposed", lambda inner, setting: inner)


def _of_one_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """What acts on all heads without the index of the head."""
    monkeypatch.setattr(jacobians, "heads", SimpleNamespace(cut=lambda value, heads: value))


def _heads_of_rows_as_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    """[u]_m of rows without the transpose, which the layout of rows needs."""
    monkeypatch.setattr(printed_heads, "transposed", lambda inner, setting: inner)


def _products_not_reversed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "reversed", lambda factors: factors, raising=False)


@pytest.mark.parametrize(("corrupt", "layout"), [
    (_scaled, "column"), (_without_transposes, "column"), (_without_transposes, "row"), (_products_not_reversed, "row"),
])
def test_the_reading_notices_a_wrong_page(corrupt: Any, layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _noticed("elman", corrupt, layout, monkeypatch)


def _noticed(name: str, corrupt: Any, layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    corrupt(monkeypatch)
    dispatch.setting.cache_clear()  # what was written before must not be taken again, nor what is written now
    with pytest.raises((AssertionError, ValueError)):
        Told(name, presentation_in(layout=layout)).read()
    dispatch.setting.cache_clear()


@pytest.mark.slow
@pytest.mark.parametrize(("corrupt", "layout"), [(_of_one_head, "column"), (_heads_of_rows_as_they_stand, "row")])
def test_the_reading_notices_a_wrong_head(corrupt: Any, layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _noticed("gla_heads", corrupt, layout, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 9, 16])
def test_random_models_are_read(number: int) -> None:
    """Ones beside a row, triangles of ones, inverses, and a loss of the last step that reads the state before it."""
    assert Told(from_text(draft(11, number).text(), "random"), Presentation()).read() > 40
