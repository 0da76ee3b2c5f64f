"""Documents of every kind of model, the files of tests/kinds, and of random ones (commands: tests/cli/test_every_kind.py)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from symbptt import derive, document, typeset
from symbptt.document import DocumentOptions
from symbptt.document.blocks import Box, Lines, Paragraph, Table
from symbptt.document.context import DocumentContext
from symbptt.document.example.numbers import example, refusal, required
from symbptt.document.example.substitution import matrix
from symbptt.document.parts.magnitude import magnitude
from symbptt.document.parts.measured import measured
from symbptt.document.parts.pitfalls import pitfalls
from symbptt.document.parts.worked import length, total, worked
from symbptt.fuzz.budget import within
from symbptt.fuzz.generate import draft
from symbptt.model.read import differentiable, from_text, load, names
from symbptt.model.values import Model, Role
from symbptt.narrative.forward import conventions
from symbptt.narrative.identities import identities
from symbptt.narrative.inline import plain
from symbptt.narrative.presentation import ENGLISH
from symbptt.unroll.graph import steps

FOLDER = Path(__file__).parents[1] / "kinds"
KINDS = {file.stem: file for file in sorted(FOLDER.glob("*.toml"))}
SECONDS = 60.0
"""Processor time of one document."""
DOCUMENTS = ("derivation", "handout", "slides", "summary")
LOOKED_AT = [("matrix-state", "summary"), ("no-loss-no-states", "slides"), ("learned-start", "derivation")]


def written(model: Model, kind: str, T: int = 2) -> str:
    """A document as LaTeX, with its worked example, exercises and pictures."""
    with within(SECONDS):
        return document.render(model, T, "tex", options=DocumentOptions(kind=kind))


@pytest.mark.parametrize("name, kind", LOOKED_AT)
def test_documents_are_written(name: str, kind: str) -> None:
    assert r"\end{document}" in written(load(KINDS[name]), kind)


@pytest.mark.parametrize("number", [14, 16])
def test_documents_of_random_models_are_written(number: int) -> None:
    assert r"\end{document}" in written(random(7, number), "summary")


@pytest.mark.share(4)
@pytest.mark.slow
@pytest.mark.parametrize("number", (*range(40), 85, 105, 106, 135, 138, 150, 161, 167, 232))
def test_every_document_of_random_models_is_written(number: int) -> None:
    for kind in DOCUMENTS:
        assert r"\end{document}" in written(random(12, number), kind, 1 + number % 4)


def random(seed: int, number: int) -> Model:
    return from_text(draft(seed, number).text(), "fuzz", "random")


def _disagreements(model: Model) -> Iterator[str]:
    """The gradients of the example by hand that the emitted module does not give for the same numbers."""
    found = example(model, length(model))
    assert found is not None
    for v in model.of(Role.PARAMETER):
        by_code = found.by_code[v.name]
        by_hand = found.by_hand(v)
        assert len(by_hand) == (len(by_code) if v.timed else 1)
        for (of, entries), values in zip(by_hand, by_code if v.timed else [by_code], strict=True):
            numbers = np.array([float(entry) for row in entries for entry in row])
            if not np.allclose(numbers, np.ravel(values), rtol=1e-9, atol=1e-12):
                yield str(of)


@pytest.mark.parametrize("name", ["learned-start", "learned-start-no-inputs", "loss-mean", "matrix-state", "untied"])
def test_the_example_by_hand_is_that_of_the_code(name: str) -> None:
    model = differentiable(load(KINDS[name]))
    assert refusal(model) is None
    assert not list(_disagreements(model))


@pytest.mark.parametrize("name", ["no-parameters", "inputs-only"])
def test_a_model_without_parameters_has_no_empty_sections(name: str) -> None:
    context = DocumentContext((load(KINDS[name]),), 3)
    blocks = (*worked(context), *measured(context))
    assert all(block.rows for block in blocks if isinstance(block, Table))
    assert all(block.lines for block in blocks if isinstance(block, Lines))


@pytest.mark.parametrize("name", ["learned-start", "learned-start-no-inputs"])
def test_a_learned_start_is_told_without_contradiction(name: str) -> None:
    """The initial value is given or the parameter, not zero; the line of its number is of the parameter."""
    model = load(KINDS[name])
    starts = [v for v in model.states if v.initial is not None]
    told = " ".join(plain(prose, typeset.text) for prose in conventions(model, ENGLISH).intro)
    assert told.count("or else it is the parameter") == len(starts) > 0
    assert told.count("or zero") == len(model.states) - len(starts)
    for state in starts:
        assert [of.name for of, _ in total(required(model, 2), str(state.initial))] == [state.initial]


@pytest.mark.parametrize("name", [*KINDS, *names()])
def test_no_two_adjoints_look_alike(name: str) -> None:
    """What a worked line replaces by numbers is found by its look."""
    model = load(KINDS.get(name, name))
    if model.loss is None:
        return
    equations = derive.adjoints(steps(model, length(model))).equations
    looks = {typeset.latex(equation.symbol, model) for equation in equations}
    assert len(looks) == len(equations)


LATE = """
[inputs]
x = "D"
[states]
h = "H"
[parameters]
W = "H H"
U = "H D"
[targets]
y = "H"
[equations]
h = "tanh(W @ h[t-1] + U @ x)"
[loss]
step = "squared_error(h[t-1], y)"
"""


def test_a_mistake_without_effect_in_the_example_has_no_number() -> None:
    """In two steps only the first has a part in this loss, so = in the place of += gives the same gradient."""
    model = from_text(LATE, "late.toml")
    by_hand = required(model, 2).gradients[model["W"].at()]
    boxes = [block for block in pitfalls(DocumentContext((model,), 3)) if isinstance(block, Box)]
    told = [plain(b.text, typeset.text) for box in boxes for b in box.blocks if isinstance(b, Paragraph)]
    same = typeset.text(matrix(by_hand, ENGLISH))
    assert any("shared by all steps" in text for text in told)
    assert not any(f"becomes {same} in place of {same}" in text for text in told)


GROWING = """
[states]
s = ""
[parameters]
w = ""
[targets]
y = ""
[equations]
s = "exp(exp(10 + w * w + s[t-1] * s[t-1]))"
[loss]
step = "s * y"
"""


def test_norms_beyond_all_numbers_have_no_shares() -> None:
    made = magnitude(DocumentContext((from_text(GROWING, "growing.toml"),), 3))
    assert not any(isinstance(block, Table) for block in made)


def test_a_document_says_that_there_is_no_loss() -> None:
    made = document.compose(load(KINDS["no-loss"]), 2, options=DocumentOptions(kind="summary"))
    first = document.shown(made, "md")
    assert "has no loss" in first and "cotangent" in first


@pytest.mark.parametrize("activation", ["hard_tanh", "hard_sigmoid", "elu"])
def test_a_function_in_cases_has_a_line_for_each(activation: str) -> None:
    model = load("elman", activation=activation)
    written = [[typeset.text(step.equation) for step in one.steps] for one in identities(model, ENGLISH)]
    (lines,) = [lines for lines in written if any("otherwise" in line for line in lines)]
    assert len(lines) == 2 * (2 if activation == "elu" else 3)
    assert sum("otherwise" in line for line in lines) == 2


@pytest.mark.slow
def test_norms_that_overflow_are_written_as_such() -> None:
    """A cubic recurrence without a bound: the cells of the table are LaTeX, and no warning goes to the terminal."""
    text = ('title = "t"\n[states]\nh = "H"\n[parameters]\nW = "H H"\n[equations]\nh = "W @ h[t-1] - 9 * h[t-1] ** 3"\n'
            '[loss]\nstep = "0.5 * dot(h, h)"\nat = "last"')  # fmt: skip
    tex = document.render(from_text(text, "t.toml"), 4, "tex", options=DocumentOptions(kind="handout"))
    assert r"\infty$}" in tex and "∞" not in tex
