"""Documents of composed models: the members' own parts, and what they hand each other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symbptt import compose, document, typeset
from symbptt.derive import formula
from symbptt.derive.recursion import recursion
from symbptt.document import DocumentOptions, listing
from symbptt.document.blocks import Exercise, Figure, Heading, Paragraph, Steps
from symbptt.document.composed.example import linked
from symbptt.document.composed.members import members
from symbptt.document.glossary import Entry, together
from symbptt.errors import BadInput
from symbptt.narrative.presentation import ENGLISH
from symbptt.narrative.values import Step
from symbptt.typeset.tree import Identifier
from tests.document.test_compile import LATEXMK, compiled, faults, needs_xelatex

NAMES = compose.names()
KINDS = sorted((Path(__file__).parents[1] / "compose" / "kinds").glob("*.toml"))


def steps(found: document.Document) -> list[Step]:
    return [step for block in found.blocks if isinstance(block, Steps) for step in block.steps]


def told(name: str | compose.Chain, **options: Any) -> document.Document:
    return document.compose(name, 3, options=DocumentOptions(**{"kind": "handout", **options}))


@pytest.fixture(scope="module")
def attention() -> document.Document:
    return told("seq2seq_attention_multiplicative")


@pytest.fixture(scope="module")
def birnn() -> document.Document:
    return told("birnn")


def equations(found: document.Document) -> dict[str, str]:
    return {step.label: typeset.text(step.equation) for step in steps(found) if step.label}


@pytest.mark.slow
def test_the_memory_s_gradients_are_added_over_the_decoder_and_handed_back_by_rows(attention: document.Document) -> None:
    found = equations(attention)
    assert found["handed-h"] == "r_{h,k} = (∑_{t=1..T} dL/dMₜ)_{k,·}ᵀ   (k < S)"
    assert found["handed-h-end"] == "r_{h,S} = (∑_{t=1..T} dL/dMₜ)_{S,·}ᵀ + (dL/ds₀)_{part 2}"


@pytest.mark.slow
def test_an_argument_is_told_once_and_no_sentence_twice(birnn: document.Document, attention: document.Document) -> None:
    for found in (birnn, attention):
        labels = [label.rsplit("-", 1)[0] for label in equations(found)]
        assert labels.count("induction") == labels.count("state-derivative") == 1
        assert labels.count("sum-of-products") == labels.count("backward-recursion") == 2
        titles = {(block.text,) for block in found.blocks if isinstance(block, Heading)}
        said = [block.text for block in found.blocks if isinstance(block, Paragraph) and block.text not in titles]
        assert len(set(said)) == len(said)


@pytest.mark.slow
def test_an_encoder_counts_its_own_steps(attention: document.Document) -> None:
    found = equations(attention)
    assert "∑_{t=1..S} ∑_{k=1..t}" in found["sum-of-products-1"] and "∑_{t=1..T} ∑_{k=1..t}" in found["sum-of-products-2"]


@pytest.mark.slow
def test_gradients_flow_from_the_decoder_into_every_state_of_the_encoder(attention: document.Document) -> None:
    drawn = next(block.scene for block in attention.blocks if isinstance(block, Figure))
    back = {arrow.ends for arrow in drawn.arrows if arrow.backward}
    assert {((name, t), ("h", k)) for name in ("o",) for t in (1, 2, 3) for k in (1, 2, 3)} <= back
    assert (("s", 0), ("h", 3)) in back and not any(end[0] in "xv" for arrow in back if arrow for end in arrow)


@pytest.mark.slow
def test_a_backward_direction_is_drawn_from_right_to_left_and_told_for_later_k(birnn: document.Document) -> None:
    drawn = next(block.scene for block in birnn.blocks if isinstance(block, Figure))
    ahead = {arrow.ends for arrow in drawn.arrows if not arrow.backward}
    assert {(("b", t + 1), ("b", t)) for t in (1, 2, 3)} | {(("h", t), ("h", t + 1)) for t in (0, 1, 2)} <= ahead
    assert "∑_{t=1..T} ∑_{k=t..T}" in equations(birnn)["sum-of-products-2"]


@pytest.mark.slow
def test_numbers_are_unique_and_those_of_the_code(birnn: document.Document) -> None:
    every = members(compose.load("birnn"))
    numbers = [e.number for member in every for e in member.model.equations if e.target.definition is None]
    assert numbers == sorted(set(numbers)) and every[0].before == 0
    text = document.shown(birnn, "md")
    assert "(…)" not in text
    code = text[text.index("def _backward_2") :]
    for name in ("b", "W_bb"):
        own = recursion(every[1].model)
        number, _ = birnn.numbers[str(own.adjoint_number(name) or own.gradient_number(name))]
        assert re.search(rf"(d_b|grad_W_bb) \+?= .*# \({number}\)", code)


@pytest.mark.parametrize("name", ["birnn", *(pytest.param(name, marks=pytest.mark.slow) for name in NAMES if name != "birnn")])
def test_the_example_by_hand_agrees_with_the_complex_step_and_with_the_code(name: str) -> None:
    chain = compose.load(name)
    found = linked(chain, 2)
    assert found is not None
    code = found.by_code(chain.parameters)
    for parameter in chain.parameters:
        by_hand = np.array([float(entry) for entry in found.by_hand(parameter)])
        assert np.abs(by_hand).max() > 0
        for other in (found.by_complex_step(parameter), code[parameter.name]):
            assert np.allclose(by_hand, other.ravel(), rtol=1e-11, atol=1e-13), parameter.name


def test_the_example_tells_what_is_handed_back_and_what_is_lost(birnn: document.Document) -> None:
    text = document.shown(birnn, "md")
    assert "Handed back for" in text and "By the complex step" in text
    assert "A direction’s gradient missing" in text and "Gradients not reversed" in text
    assert [label for label in equations(birnn) if label.startswith("forward-L")] == ["forward-L-3"]


@pytest.mark.slow
def test_without_a_loss_or_parameters_there_is_no_table_of_gradients(tmp_path: Path) -> None:
    without = told(compose.load("birnn", loss="none"))
    assert "the model has no loss" in document.shown(without, "md")
    (tmp_path / "tiny.toml").write_text(
        "[phase.a]\nsteps = 'S'\n[phase.a.inputs]\nx = ''\n[phase.a.states]\nh = ''\n[phase.a.equations]\n"
        "h = 'tanh(x + h[t-1])'\n"
        "[phase.b.inputs]\nv = ''\n[phase.b.states]\ns = ''\n[phase.b.memory]\nM = 'a.h'\n[phase.b.equations]\n"
        "s = 'sum(M) * v + s[t-1]'\n[phase.b.loss]\nstep = 's ** 2'\n", encoding="utf-8",
    )
    found = told(str(tmp_path / "tiny.toml"))
    keys = [block.key for block in found.blocks if isinstance(block, Heading)]
    assert "worked-backward" in keys and "worked-gradients" not in keys
    assert equations(found)["handed-h"] == "r_{h,k} = (∑_{t=1..T} dL/dMₜ)ₖ"


@pytest.mark.slow
def test_a_mask_of_the_example_is_one() -> None:
    found = linked(compose.load("seq2seq_bilstm"), 2)
    assert found is not None and (found.point.data.inputs["mask"] == 1).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_code_and_document_give_every_adjoint_and_gradient_the_same_number(name: str) -> None:
    chain = compose.load(name)
    every = members(chain)
    lines = listing.composed(compose.source(chain, style="plain").text, [member.before for member in every]).splitlines()
    compared = 0
    for member in every:
        own = recursion(member.model)
        for stem, equation in (*(("d", e) for e in own.adjoints), *(("grad", e) for e in own.gradients)):
            line_of = re.compile(rf"\s*{stem}_{re.escape(equation.variable.name)} \+?= .*#")
            found = {int(n) for line in lines if line_of.match(line) for n in re.findall(r"\((\d+)\)", line.split("#")[1])}
            compared += bool(found)
            assert not found or equation.number in found, equation.variable.name
    assert compared >= len(chain.parameters)


def test_headings_have_keys_of_their_own(birnn: document.Document) -> None:
    keys = [block.key for block in birnn.blocks if isinstance(block, Heading)]
    assert len(keys) == len(set(keys))


@pytest.mark.slow
@pytest.mark.parametrize("sheet", [False, True], ids=["beside", "sheet"])
@pytest.mark.parametrize("name", ["birnn", "seq2seq_attention_multiplicative"])
def test_exercises_are_about_what_members_hand_each_other_and_about_each(name: str, sheet: bool) -> None:
    teacher, student = (
        [block for block in told(name, version=version, without_derivation=sheet).blocks if isinstance(block, Exercise)]
        for version in ("teacher", "student")
    )
    assert [one.question for one in teacher] == [one.question for one in student]
    assert all(one.solution for one in teacher) and not any(one.solution for one in student)
    forward = sum(not m.part.backward and bool(m.model.states) for m in members(compose.load(name)))
    alike = name.startswith("seq2seq") and sheet  # what was asked of one part is not asked of the next
    assert len(teacher) == (2 + 3 * forward - alike if sheet else 1 + 2 * forward)


@pytest.mark.slow
def test_the_gradients_that_are_told_wrong_are_those_behind_what_is_lost() -> None:
    """Those of the encoder's parameters, and no others: what it hands on does not get all of its gradient."""
    first = next(b for b in told("seq2seq_attention_multiplicative").blocks if isinstance(b, Exercise))
    (answer,) = first.solution
    assert isinstance(answer, Paragraph)
    wrong, right = "".join(p if isinstance(p, str) else typeset.text(p) for p in answer.text).split("Right:")
    assert all(name in wrong for name in ("Wₓₕ", "Wₕₕ", "bₕ")) and (wrong.count("dL/d"), right.count("dL/d")) == (3, 7)


def test_what_composed_documents_do_not_have_is_refused() -> None:
    for options in (DocumentOptions(analysis="all"), DocumentOptions(chunk=2), DocumentOptions(kind="handout", variants=2)):
        with pytest.raises(BadInput, match="two directions or phases yet"):
            document.compose("birnn", 2, options=options)
    with pytest.raises(BadInput, match="compare is not about models with two directions"):
        document.compose(("birnn", "elman"), 2, options=DocumentOptions(kind="compare"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["handout", "summary"])
@pytest.mark.parametrize("path", KINDS, ids=lambda path: path.stem)
def test_every_kind_of_model_has_every_document(path: Path, kind: str) -> None:
    found = document.compose(compose.load(path), 2, options=DocumentOptions(kind=kind, length="full"))
    for format in ("tex", "html", "md"):
        assert document.shown(found, format)


@pytest.mark.share(2)
@pytest.mark.slow
@pytest.mark.tex
@pytest.mark.skipif(LATEXMK is None, reason="latexmk is not installed")
@pytest.mark.parametrize("name, T, language, kind", [
    *((name, 3, "en", "handout") for name in NAMES), ("birnn", 1, "es", "handout"), ("bilstm", 1, "en", "summary"),
    pytest.param("seq2seq", 1, "zh", "derivation", marks=needs_xelatex), ("birnn", 3, "en", "slides"),
    pytest.param("seq2seq_bilstm", 3, "zh", "handout", marks=needs_xelatex), ("seq2seq_attention_additive", 5, "es", "summary"),
])
def test_they_compile_and_fit(name: str, T: int, language: str, kind: str, tmp_path: Path) -> None:
    options = DocumentOptions(kind=kind, language=language)
    assert faults(compiled(document.write(name, T, tmp_path, formats=("tex",), options=options)[0])) == []


def test_letters_of_a_part_are_names_of_no_other() -> None:
    """The second direction has a gate s, so that both states of the first have another letter together."""
    chain = compose.load("bilstm")
    first = members(chain)[0].model
    assert "s" in first.beside and formula.free(first, "state") != "s" and first.beside == chain.parts[0].model.beside


def test_what_all_of_a_family_are_is_said_once() -> None:
    rows = [Entry(Identifier(f"W{letter}"), ("parameter",), "(H×D)") for letter in "abc"]
    (row,) = together(rows, "z", ENGLISH)
    assert row.meaning[:2] == ("parameter", ", ") and row.symbol == Identifier("Wz")
