"""Exercises: drawn from the derivation, different for each seed, right, and without solutions for students."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import prod
from pathlib import Path
from random import Random

import numpy as np
import pytest
import sympy as sp

from symbptt import derive, document, typeset
from symbptt.document import DocumentOptions
from symbptt.document.blocks import Block, Code, Exercise, Heading, Paragraph, Steps
from symbptt.document.context import DocumentContext
from symbptt.document.example.numbers import required
from symbptt.document.exercises import blanks, coding, computing, costs, counting, errors, gates, powers
from symbptt.document.exercises.generated import GeneratedExercise
from symbptt.document.exercises.kinds import BESIDE_DERIVATION, WITHOUT_DERIVATION, ExerciseKind
from symbptt.document.parts.exercises import drawn as drawn_by
from symbptt.document.parts.exercises import exercises as drawn_for
from symbptt.errors import BadInput, Disagreement
from symbptt.mistakes import catalogue, named
from symbptt.mistakes.edits import one_by_one, summand_missing
from symbptt.model.read import from_text, load, names
from symbptt.narrative.inline import plain
from symbptt.typeset.tree import Blank, Equality, Row, Tree
from symbptt.unroll.graph import steps
from symbptt.verify.exact.arithmetic import Sampled
from symbptt.verify.exact.entries import Entries

KINDS = Path(__file__).parents[1] / "kinds"


def drawn_of(context: DocumentContext) -> list[tuple[GeneratedExercise, ExerciseKind | None]]:
    return drawn_by(context, WITHOUT_DERIVATION if context.sheet else BESIDE_DERIVATION)


QUICK_MODELS = ("elman", "jordan", "mgu", "mlp")


def context(name: str, seed: int = 0, sheet: bool = False) -> DocumentContext:
    return DocumentContext((load(name),), 3, seed=seed, sheet=sheet)


def formula(blocks: tuple[Block, ...]) -> Tree:
    return next(block.steps[0].equation for block in blocks if isinstance(block, Steps))


def words(blocks: tuple[Block, ...]) -> str:
    return " ".join(plain(block.text, typeset.text) for block in blocks if isinstance(block, Paragraph))


def exercises(name: str, seed: int = 0, sheet: bool = False) -> list[Exercise]:
    return [block for block in drawn_for(context(name, seed, sheet)) if isinstance(block, Exercise)]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", names())
def test_every_model_has_exercises_with_solutions(name: str) -> None:
    made = exercises(name)
    few = {"mlp": 2, "deep_feedforward_batch_norm": 2, "deep_feedforward": 3}  # coupled samples leave nothing to compute by hand
    assert len(made) >= few.get(name, 4)
    assert [one.number for one in made] == list(range(1, len(made) + 1))
    assert all(one.solution and one.room and one.mark for one in made)
    assert len({one.question for one in made}) == len(made)
    hints = drawn_for(context(name))[-1]
    assert isinstance(hints, Paragraph) and all(f"{one.number}: " in hints.text for one in made)


@pytest.mark.slow
def test_the_seed_decides() -> None:
    first, again, other = (exercises("lstm", seed) for seed in (0, 0, 1))
    assert first == again
    assert sum(a.question != b.question for a, b in zip(first, other, strict=False)) >= 4
    assert exercises("lstm", 0, sheet=True) == exercises("lstm", 0, sheet=True) != exercises("lstm", 1, sheet=True)


@pytest.mark.sampled(4)
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
        assert sum(counting.QUESTIONS[kind](t - k, 3) for t, k in pairs) == expected
    found = counting.count(context("elman"), Random(1))
    assert found is not None and sum(prod(map(int, part.split("·"))) for part in found.working.split(" + ")) == found.answer


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


@pytest.mark.sampled(3)
@pytest.mark.parametrize("sheet", [False, True])
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", ["elman", "lstm", "gru", "jordan", str(KINDS / "matrix-state.toml")])
def test_a_set_never_answers_itself(name: str, seed: int, sheet: bool) -> None:
    """No question shows what another asks for, no two are about the same equation, and each counts in its own way."""
    drawn = [one for one, _ in drawn_of(context(name, seed, sheet))]
    for one in drawn:
        others = [other for other in drawn if other is not one]
        shown = [typeset.text(tree).replace(" ", "") for other in others for tree in formulas(other.question)]
        asked = [typeset.text(answer).replace(" ", "") for answer in one.answers]
        assert not any(answer in text for answer in asked for text in shown)
        assert not any(one.about & other.about for other in others)
    assert len(drawn) >= 4


def formulas(blocks: tuple[Block, ...]) -> list[Tree]:
    steps_ = [step.equation for block in blocks if isinstance(block, Steps) for step in block.steps]
    return steps_ + [part for block in blocks if isinstance(block, Paragraph) for part in block.text if isinstance(part, Tree)]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name, sheet, version", [
    ("elman", True, "student"), ("elman", False, "student"), ("lstm", False, "student"), ("lstm", True, "student"),
])
def test_the_pages_before_do_not_answer(name: str, sheet: bool, version: str) -> None:
    """What a set asks for is not in the document of a student, formula by formula, nor is a line of the loop to be written."""
    options = DocumentOptions(kind="handout", version=version, without_derivation=sheet, seed=3)
    made = document.compose(name, 3, options=options)
    html = document.render(name, 3, "html", options=options)
    drawn = drawn_of(replace(made.context, solutions=True))
    for one, kind in drawn:
        for answer in one.answers:
            assert typeset.mathml(answer, display="inline") not in html and typeset.mathml(answer) not in html
        if kind is not None and kind.draw is coding.loop:
            assert "reversed(range(T))" not in html
    assert {kind.draw for _, kind in drawn if kind is not None} >= ({coding.loop, errors.error} if sheet else {counting.terms})
    assert not any(isinstance(block, Exercise) and block.solution for block in made.blocks)


def test_a_sheet_has_no_derivation() -> None:
    made = document.compose("elman", 3, options=DocumentOptions(kind="handout", without_derivation=True))
    heads = [block.key for block in made.blocks if isinstance(block, Heading)]
    assert heads == ["notation", "conventions", "forward", "identities", "exercises", "hints", "references"]
    with pytest.raises(BadInput, match="nothing without its derivation"):
        DocumentOptions(kind="summary", without_derivation=True)


@pytest.mark.slow
def test_variants_have_sheets_of_their_own_and_one_key(tmp_path: Path) -> None:
    options = DocumentOptions(kind="handout", without_derivation=True, variants=3, seed=5)
    written = document.write("elman", 2, tmp_path, formats=("md",), options=options)
    assert [path.name for path in written] == [
        "elman_T2_handout_sheet_v01_student.md", "elman_T2_handout_sheet_v02_student.md", "elman_T2_handout_sheet_v03_student.md",
        "elman_T2_handout_sheet_key.md",
    ]
    *sheets, key = (path.read_text() for path in written)
    assert len(set(sheets)) == 3 and not any("Solution" in sheet for sheet in sheets)
    assert [f"Variant {n} (seed {n + 4})" in key for n in (1, 2, 3)] == [True] * 3 and key.count("Solution") >= 15
    alone = DocumentOptions(kind="handout", without_derivation=True, version="student", seed=6)
    assert sheets[1].split("\n", 2)[2] == document.render("elman", 2, "md", options=alone).split("\n", 2)[2]
    with pytest.raises(BadInput, match="variants must be a whole number"):
        DocumentOptions(kind="handout", variants=-1)


@pytest.mark.parametrize("seed", range(4))
def test_a_gate_is_answered_by_arithmetic(seed: int) -> None:
    drawn = gates.route(context("lstm"), Random(seed))
    assert drawn is not None and gates.route(context("elman"), Random(seed)) is None
    power = re.compile(r" ?· ?10\^?\{?[⁻−]([⁰¹²³⁴⁵⁶⁷⁸⁹0-9])\}?")
    said = power.sub(lambda found: f"e-{unicodedata.normalize('NFKC', found[1])}", words(drawn.solution))
    numbers = re.findall(r"[0-9]+\.[0-9]+(?:e-[0-9]+)?", said)
    value, left, half, bias = map(float, numbers)
    steps = int(re.findall(r"n = (\d+)", words(drawn.question))[0])
    assert np.isclose(left, value**steps, rtol=0.06) and np.isclose(half**steps, 0.5, rtol=5e-3)
    assert np.isclose(1 / (1 + np.exp(-bias)), half, atol=1e-3)


def test_what_is_carried_is_counted_by_the_nested_form() -> None:
    drawn = costs.carried(context("elman"), Random(1))
    assert drawn is not None
    size = int(re.findall(r"H = (\d+)", words(drawn.question))[0])
    assert f"nested form {size**3}, the backward recursion {size}." in words(drawn.solution)


def test_the_loop_to_be_written_is_that_of_the_printed_function() -> None:
    drawn = coding.loop(context("elman"), Random(0))
    assert drawn is not None and isinstance(drawn.solution[0], Code)
    lines = drawn.solution[0].text.splitlines()
    assert lines[0] == "for t in reversed(range(T)):" and "d_h_next = d_a @ W_hh" in lines[-1]


@pytest.mark.parametrize("seed", range(4))
def test_powers_of_a_matrix_are_answered_by_its_eigenvalues(seed: int) -> None:
    made = powers.limit(context("elman"), Random(seed))
    assert made is not None
    solution = words(made.solution)
    slow, fast, factor = re.findall(r"\(a\) ([\d.]+) and ([\d.]+); the entry is \(?([\d/]+)", solution)[0]
    peak, exploded = re.findall(r"where it is ([\d.]+);|the entry is ([\d.]+)\. The gradient explodes", solution)
    entry = [float(Fraction(factor)) * (float(slow) ** n - float(fast) ** n) for n in range(1, 200)]
    assert float(peak[0]) == pytest.approx(max(entry), rel=5e-3)
    assert f"At n = {entry.index(max(entry)) + 1}," in solution
    first = next(n for n, value in enumerate(entry, 1) if n > entry.index(max(entry)) and value < 0.01)
    assert f"from n = {first} on" in solution
    corner = float(Fraction(factor)) * (float(slow) - float(fast))
    assert float(exploded[1]) == pytest.approx(corner * (1.1**50 - float(fast) ** 50) / (1.1 - float(fast)), rel=5e-3)


def test_only_a_model_with_one_recurrent_matrix_has_powers() -> None:
    assert powers.limit(context("lstm"), Random(0)) is None


def test_every_matrix_of_which_powers_are_asked_has_one_largest_entry_behind_the_first() -> None:
    for slow, fast in product(powers.SLOW, powers.FAST):
        first, *others = sorted(powers.corners(slow, fast, "1", 40), reverse=True)
        assert first > 1.005 * others[0] and first > 1.005 * powers.corners(slow, fast, "1", 1)[0]
