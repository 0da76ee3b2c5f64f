"""Questions: one right answer each, none that another one shows, every number the engine's."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import combinations, pairwise

import numpy as np
import pytest
from zoo import CLASSIC

import symbptt
from symbptt import typeset
from symbptt.algebra.nodes import TIME
from symbptt.algebra.related import Adjoint
from symbptt.errors import BadInput, UnknownName
from symbptt.model.read import from_text, load
from symbptt.narrative.presentation import Presentation
from symbptt.quiz import Quiz
from symbptt.quiz.context import QuizContext
from symbptt.quiz.kinds.numbers import APART
from symbptt.quiz.question import Choice, Cloze, Matching, Numerical, Option, Ordering, tex
from symbptt.words import languages

from .conftest import KINDS, drawn

MODELS = [*CLASSIC, *map(str, KINDS)]


def faults(quiz: Quiz) -> list[str]:
    """What is ambiguous or given away."""
    return [fault for question in quiz.questions for fault in _own(question)] + [
        f"{tex(one.title)} is answered in {tex(other.title)}: {secret}"
        for pair in combinations(quiz.questions, 2) for one, other in (pair, pair[::-1])
        for secret in one.hidden if secret in other.shown
    ]


def _own(question: object) -> list[str]:
    if isinstance(question, Choice):
        return _options(question.options, len(question.options) > 2)
    if isinstance(question, Cloze):
        return [fault for _, options in question.gaps for fault in _options(options, True)]
    if isinstance(question, Matching):
        both = zip(*question.pairs, strict=True)
        return [] if all(len(set(map(str, side))) == len(question.pairs) >= 3 for side in both) else ["pairs are alike"]
    if isinstance(question, Ordering):
        return [] if len(set(question.lines)) == len(question.lines) >= 3 else ["lines are alike"]
    assert isinstance(question, Numerical)
    values = [question.answer, *(value for value, _ in question.wrong)]
    near = [pair for pair in combinations(values, 2) if abs(pair[0] - pair[1]) < APART * question.tolerance]
    return [] if np.isfinite(values).all() and not near else [f"{near} are too close"]


def _options(options: tuple[Option, ...], enough: bool) -> list[str]:
    """One is right; no other has its text or its numbers. One that has no numbers does not fit, or is a sentence."""
    right = [option for option in options if option.right]
    if len(right) != 1 or not enough or len({tex(option.content) for option in options}) < len(options):
        return [f"{len(right)} of {len(options)} options are right, or two are alike"]
    worth = right[0].worth
    wrong = [o.worth for o in options if not o.right and o.worth is not None]
    same = [w for w in wrong if worth is not None and len(w) == len(worth) and np.allclose(w, worth, rtol=1e-7, atol=1e-9)]
    return ["a wrong option has the value of the right one"] if same else []


@pytest.mark.sampled(25)
@pytest.mark.share(3)
@pytest.mark.parametrize("name", MODELS)
def test_no_question_is_ambiguous_and_none_answers_another(name: str) -> None:
    quiz = drawn(name)
    assert faults(quiz) == [] and len(quiz.questions) >= 8


@pytest.mark.slow
@pytest.mark.parametrize("name", ["elman", "lstm"])
def test_two_hundred_questions(name: str) -> None:
    """Ten quizzes each: what a class of ten variants gets."""
    quizzes = symbptt.quiz.variants(load(name), 10, count=20, seed=1)
    assert [faults(quiz) for quiz in quizzes] == [[]] * 10
    assert sum(len(quiz.questions) for quiz in quizzes) == 200


@pytest.mark.parametrize("name", ["elman", pytest.param("lstm", marks=pytest.mark.slow)])
def test_the_right_line_is_the_adjoint_that_the_engine_has(name: str) -> None:
    """Not only unlike the wrong ones: evaluated, it is the adjoint of the unrolled graph, or the gradient."""
    context = QuizContext.of(load(name), Presentation())
    for line in context.lines:
        for step, value in enumerate(context.worth(line, line.right), 1):
            assert value is not None
            if isinstance(line.left, Adjoint):
                expected = context.point.leaves[line.left.xreplace({TIME: step})]
                assert np.allclose(value, expected, rtol=1e-12), (line, step)
            else:
                whole = context.point.gradients[line.equation.variable.name]
                assert np.allclose(value.sum(axis=0).reshape(whole.shape), whole, rtol=1e-12), line


def test_an_answer_is_the_gradient_of_the_numbers_that_are_told() -> None:
    """The numbers are read off the text of each question, the gradient comes from differences of a forward pass by hand."""
    asked = [q for q in drawn("scalar").questions if isinstance(q, Numerical) and q.kind == "gradient"]
    assert asked
    for question in asked:
        told = {name: float(value) for name, value in re.findall(r"\\\((\w(?:_\{\d\})?) = (-?[\d.]+)\\\)", question.shown)}
        parameter = re.findall(r"mathrm\{d\} (\w)\}", tex(question.title))[-1]
        up, down = (_loss({**told, parameter: told[parameter] + step}) for step in (1e-6, -1e-6))
        assert question.answer == pytest.approx((up - down) / 2e-6, abs=1e-7)


def _loss(told: dict[str, float]) -> float:
    h, total = told["h_{0}"], 0.0
    for t in (1, 2):
        h = math.tanh(told["u"] * told[f"x_{{{t}}}"] + told["w"] * h + told["b"])
        total += (told["v"] * h - told[f"y_{{{t}}}"]) ** 2 / 2
    return total


@pytest.mark.sampled(3)
@pytest.mark.parametrize("language", languages())
def test_every_kind_of_question_comes_in_every_language(language: str) -> None:
    quiz = drawn("elman", 0, language)
    assert {q.kind for q in quiz.questions} == {
        "ordering", "gradient", "matching", "formula", "adjoint", "cloze", "number", "naming", "count",
    }


def test_a_quiz_is_the_same_again_and_another_with_another_seed() -> None:
    texts = [[q.shown for q in symbptt.quiz.quiz(load("elman"), 8, seed).questions] for seed in (0, 0, 1)]
    assert texts[0] == texts[1] != texts[2]


def test_wrong_numbers_are_told_with_their_mistake() -> None:
    numerical = [q for q in drawn("elman").questions if isinstance(q, Numerical) and q.kind == "gradient"]
    assert all(q.wrong for q in numerical) and all(tex(said).endswith(".") for q in numerical for _, said in q.wrong)


def test_the_order_is_the_only_one() -> None:
    """Each line reads the adjoint on the left of the one before."""
    ordering = next(q for q in drawn("elman").questions if isinstance(q, Ordering))
    lines = [line[0] for line in ordering.lines]
    for before, after in pairwise(lines):
        left = typeset.latex(before.left)  # type: ignore[union-attr]
        assert left in typeset.latex(after).split("=", 1)[1]


def test_kinds_that_do_not_apply_are_left_out() -> None:
    kinds = Counter(q.kind for q in drawn("mlp").questions)
    assert not kinds["count"], "nothing recurs, so no terms (t, k) are counted"


NOTHING = '[inputs]\nx = "D"\n[targets]\ny = "D"\n[equations]\no = "x"\n[loss]\nstep = "squared_error(o, y)"\n'


def test_a_small_model_gives_fewer_questions() -> None:
    quiz = symbptt.quiz.quiz(from_text(NOTHING, "nothing.toml"), 40)
    assert 0 < len(quiz.questions) <= 40 and faults(quiz) == []


def test_bad_input() -> None:
    model = load("elman")
    with pytest.raises(BadInput, match="count must be a positive whole number, not 0"):
        symbptt.quiz.quiz(model, 0)
    with pytest.raises(BadInput, match="variants must be a positive whole number, not -1"):
        symbptt.quiz.variants(model, -1)
    with pytest.raises(BadInput, match="count must be at most 1000, not 1000000"):
        symbptt.quiz.quiz(model, 10**6)
    with pytest.raises(BadInput, match="the seed must be a whole number from 0 on, not -1"):
        symbptt.quiz.quiz(model, 1, -1)
    with pytest.raises(UnknownName, match="en, es, zh"):
        symbptt.quiz.quiz(model, 5, 0, "fr")


@pytest.mark.slow
def test_an_adjoint_says_of_what_it_is() -> None:
    """The model has no name for W x, and it is too long for a subscript: what u_1 is called, a question explains."""
    kind = next(path for path in KINDS if path.stem == "lagged")
    asked = [question for question in drawn(str(kind)).questions if not isinstance(question, Numerical | Matching)]
    shown = [question.shown for question in asked if "u\\_1" in question.shown]
    assert shown and all("is the adjoint of" in text for text in shown)
