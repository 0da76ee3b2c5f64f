"""Questions about composed models: about their parts, and about what is lost between them; each has one right answer."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from symbptt import cli, compose
from symbptt.compose.handed import through_parts
from symbptt.compose.referee import drawn
from symbptt.diagnose.between_parts import Composed, called, findings
from symbptt.mistakes import named
from symbptt.narrative.presentation import Presentation
from symbptt.quiz import quiz
from symbptt.quiz.kinds.between import Between, cause, effect
from symbptt.quiz.question import Choice, tex
from symbptt.words import languages

from .test_questions import faults


@pytest.mark.parametrize(("name", "clear"), [
    ("birnn", True), pytest.param("seq2seq_attention_additive", False, marks=pytest.mark.slow),
])
def test_parts_and_what_is_between_them_are_asked_about(name: str, clear: bool) -> None:
    """All that an attention may lose makes the same gradients wrong, so that no cause alone explains them."""
    made = quiz(compose.load(name), 12)
    assert faults(made) == [] and len(made.questions) == 12
    asked = {question.kind for question in made.questions}
    assert {"effect", "ordering", "matching"} <= asked and ("cause" in asked) is clear


@pytest.mark.parametrize("language", languages())
def test_a_mask_too_is_told_in_every_language(language: str) -> None:
    context = Between(compose.load("birnn", freeze=True), Presentation(language))
    found = {tex(q.body[0]) for n in range(20) if (q := effect(context, Random(n))) and isinstance(q.body[0], tuple)}  # type: ignore[arg-type]
    assert any("mask" in text for text in found) and len(found) > 2


def test_the_cause_that_is_right_is_the_one_that_a_diagnosis_names() -> None:
    chain = compose.load("seq2seq")
    context = Between(chain, Presentation("en"))
    question = cause(context, Random(0))
    assert isinstance(question, Choice)
    right = next(tex(option.content) for option in question.options if option.right)
    point = drawn(chain, None, 3, 2, 1)
    slip = next(slip for slip in context.wrong if str(slip) in question.about)
    told = findings(Composed(point), through_parts(point, slip)[0])
    assert {name for finding in told for name in finding.causes} == {called(chain, slip)}
    assert right == named(called(chain, slip)).sentence()
    assert {f.gradient for f in told if not f.right} & {v.name for v in chain.parameters} == context.wrong[slip]


def test_the_command(tmp_path: Path) -> None:
    assert cli.main(["quiz", "birnn", "--count", "3", "--for", "json", "-o", str(tmp_path)]) == 0
    assert (tmp_path / "birnn_quiz_0.json").exists()
