"""Exercises: drawn from the derivation, different for each seed, right, and without solutions for students."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
import sympy as sp

from symbptt import derive, document, typeset
from symbptt.document import DocumentOptions
from symbptt.document.blocks import Block, Exercise, Paragraph, Steps
from symbptt.document.context import DocumentContext
from symbptt.document.example.numbers import required
from symbptt.document.exercises import blanks, computing, counting, errors
from symbptt.document.parts.exercises import exercises as drawn_for
from symbptt.errors import Disagreement
from symbptt.mistakes import catalogue, named
from symbptt.mistakes.edits import one_by_one, summand_missing
from symbptt.model.read import from_text, load, names
from symbptt.narrative.inline import plain
from symbptt.typeset.tree import Blank, Equality, Row, Tree
from symbptt.unroll.graph import steps
from symbptt.verify.exact.arithmetic import Sampled
from symbptt.verify.exact.entries import Entries

QUICK_MODELS = ("elman", "jordan", "mgu", "mlp")


def context(name: str, seed: int = 0) -> DocumentContext:
    return DocumentContext((load(name),), 3, seed=seed)


def formula(blocks: tuple[Block, ...]) -> Tree:
    return next(block.steps[0].equation for block in blocks if isinstance(block, Steps))


def words(blocks: tuple[Block, ...]) -> str:
    return " ".join(plain(block.text, typeset.text) for block in blocks if isinstance(block, Paragraph))


def exercises(name: str, seed: int = 0) -> list[Exercise]:
    return [block for block in drawn_for(context(name, seed)) if isinstance(block, Exercise)]


@pytest.mark.parametrize("name", names())
def test_every_model_has_exercises_with_solutions(name: str) -> None:
    made = exercises(name)
    assert len(made) >= (2 if name == "mlp" else 4)
    assert [one.number for one in made] == list(range(1, len(made) + 1))
    assert all(one.solution and one.hint and one.room for one in made)
    assert len({one.question for one in made}) == len(made)


def test_the_seed_decides() -> None:
    first, again, other = (exercises("lstm", seed) for seed in (0, 0, 1))
    assert first == again
    assert sum(a.question != b.question for a, b in zip(first, other, strict=True)) >= 4


@pytest.mark.sampled(2)
@pytest.mark.parametrize("format", ["tex", "html"])
@pytest.mark.parametrize("language, label", [("en", "Solution"), ("zh", "解答")])
def test_a_student_s_file_has_no_solutions(format: str, language: str, label: str) -> None:
    teacher, student = (
        document.render("elman", 3, format, options=DocumentOptions(kind="handout", version=version, language=language))
        for version in ("teacher", "student")
    )
    assert label in teacher and label not in student
    assert len(student) < len(teacher)
    assert (r"\room{" if format == "tex" else 'class="room"') in student
    assert (r"\room{" if format == "tex" else 'class="room"') not in teacher.replace(r"\newcommand{\room}", "")


def test_the_missing_factor_is_the_one_that_was_taken_out() -> None:
    for seed in range(8):
        drawn = blanks.factor(context("elman"), Random(seed))
        assert drawn is not None
        question, whole = formula(drawn.question), formula(drawn.solution)
        assert isinstance(question, Row) and isinstance(whole, Row)
        taken = [b for a, b in zip(question.items, whole.items, strict=True) if a != b]
        assert [item for item in question.items if isinstance(item, Blank)] == [Blank()]
        assert typeset.text(taken[0]) in words(drawn.solution)


def test_the_missing_summand_completes_the_recursion() -> None:
    for seed in range(6):
        drawn = blanks.summand(context("lstm"), Random(seed))
        assert drawn is not None
        question = typeset.text(formula(drawn.question))
        said = words(drawn.solution).split("missing summand is ")[1].split("; it comes")[0]
        assert question.replace("▢", said).replace("+ −", "− ") == typeset.text(formula(drawn.solution))


def entries_of(model_name: str, expression: sp.MatrixExpr) -> Entries:
    model = load(model_name)
    made = Entries(Sampled(5), {name: size for size, name in enumerate(model.dimensions, 2)}, 1)
    for leaf in expression.atoms(sp.MatrixSymbol):
        made.leaves[leaf] = [made.filled(leaf, lambda i, j, leaf=leaf: Sampled(2).draw(str(leaf), i, j))]  # type: ignore[misc]
    return made


@pytest.mark.parametrize("kind", [mistake.name for mistake in catalogue() if mistake.edit])
@pytest.mark.parametrize("name", ["elman", "lstm", "gru", "linear"])
def test_an_error_is_one(name: str, kind: str) -> None:
    """The changed equation has shapes that do not fit, or another value."""
    model, edit = load(name), named(kind).edit
    assert edit is not None
    for equation in derive.recursion.recursion(model).adjoints:
        right = equation.value if equation.terms or equation.carries else None
        for wrong in one_by_one(edit, model, right) if right is not None else ():
            if wrong is None:
                continue
            both = entries_of(name, sp.MatAdd(right, wrong))
            try:
                assert both(wrong) != both(right), (kind, wrong)
            except Disagreement:
                assert kind in ("transpose-missing", "order-wrong")


@pytest.mark.parametrize("name", ["elman", "lstm"])
def test_an_error_is_corrected(name: str) -> None:
    found = [errors.error(context(name), Random(seed)) for seed in range(12)]
    for drawn in found:
        assert drawn is not None
        wrong, right = formula(drawn.question), formula(drawn.solution)
        assert isinstance(wrong, Equality) and isinstance(right, Equality)
        assert wrong.left == right.left and wrong.sides != right.sides
    assert len({words(drawn.solution) for drawn in found if drawn}) >= 3


START = '[inputs]\nx = ""\n[states]\ns = ""\n[targets]\ny = ""\n[equations]\ns = "sin(s[t-1]) + x"\n[loss]\nstep = "(s - y)**2"\n'


def test_a_gradient_by_an_initial_state_is_called_one() -> None:
    """Not the adjoint of the state at a step, and no step before the first is read."""
    shown = set()
    for seed in range(24):
        drawn = errors.error(DocumentContext((from_text(START, "start.toml"),), 3, seed=seed), Random(seed))
        if drawn is not None:
            shown |= {typeset.text(formula(blocks)) for blocks in (drawn.question, drawn.solution)}
    right = {text for text in shown if text.endswith("δ_{(sin(s₀))} cos(s₀)")}
    assert right and all(text.startswith("dL/ds₀ = ") for text in right)
    assert not any("₋" in text.replace("ₜ₋₁", "") for text in shown)


@pytest.mark.parametrize("name, at", [("elman", "every"), ("deep_feedforward", "last")])
def test_counts_are_those_of_a_listing(name: str, at: str) -> None:
    listed = [(t, k) for t in ((9,) if at == "last" else range(1, 10)) for k in range(1, t + 1)]
    for kind, expected in {
        "all": len(listed), "window": len([1 for t, k in listed if t - k < 3]),
        "distance": len([1 for t, k in listed if t - k == 3]),
        "jacobians": sum(t - k for t, k in listed),
    }.items():
        model = load(name)
        pairs = derive.sum_of_products.pairs(steps(model, 9), model.parameters[0])
        assert counting.QUESTIONS[kind](pairs, 3) == expected
    drawn = counting.terms(context("elman"), Random(1))
    assert drawn is not None and words(drawn.solution).rstrip(".").isdigit()


def test_a_computed_number_is_that_of_the_terms() -> None:
    """The answer of the exercise against the sum of the terms in floating point."""
    model = load("elman")


    for seed in (11, 12):
        example = required(model, 2, seed=seed)
        data = example.data()
        terms = derive.gradient(steps(model, 2), "W_hh").evaluate(data.parameters, data.inputs, data.targets, data.states)
        by_hand = np.array(example.gradients[model["W_hh"].at()], dtype=float)
        assert np.allclose(sum(terms.values()), by_hand, rtol=1e-12)
    drawn = computing.number(context("elman"), Random(0))
    assert drawn is not None and "W" in words(drawn.question)


def test_models_without_occasion_give_none() -> None:
    assert blanks.factor(context("mlp"), Random(0)) is None
    assert counting.terms(context("mlp"), Random(0)) is None
    assert computing.number(context("lstm"), Random(0)) is None, "too long for a hand"


def test_a_summand_that_stands_twice_is_left_out_once() -> None:
    model = load("elman")
    x = model["h"].at()
    assert list(one_by_one(summand_missing, model, sp.MatAdd(x, x))) == [x, x]
