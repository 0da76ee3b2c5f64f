"""The catalogue: what is said, what is touched, and that an edit makes the mistake whose name it has."""

from __future__ import annotations

import numpy as np
import pytest

import symbptt
from symbptt import data
from symbptt.diagnose.case import case
from symbptt.diagnose.hypotheses import far_fetched, mutants
from symbptt.diagnose.mutant import Mutant, predicted, valued
from symbptt.errors import UnknownName
from symbptt.mistakes import Mistake, Part, catalogue, named
from symbptt.mistakes.edits import one_by_one
from symbptt.narrative.presentation import slots
from symbptt.words import languages

EDITS = [mistake for mistake in catalogue() if mistake.edit]


@pytest.mark.parametrize("language", languages())
def test_a_mistake_is_told_in_every_language(language: str) -> None:
    said = [mistake.sentence(language) for mistake in catalogue()]
    assert len(set(said)) == len(said) and all(text[-1] in ".。" and not slots(text) for text in said)


def test_a_mistake_without_a_name_is_none() -> None:
    assert named("carry-dropped") in catalogue()
    with pytest.raises(UnknownName, match="carry-dropped"):
        named("carry-droped")
    with pytest.raises(UnknownName, match="en, es, zh"):
        named("carry-dropped").sentence("fr")


@pytest.mark.parametrize(("name", "spoilt"), [
    ("carry-dropped", {"h"}), ("loss-slope", {"o"}), ("bias-not-summed", {"W_xh", "W_hh", "b_h", "W_ho", "b_o", "x"}),
    ("shape-wrong", set()),
])
def test_the_equations_that_a_mistake_touches(name: str, spoilt: set[str]) -> None:
    assert {e.variable.name for e in named(name).equations(symbptt.load("elman"))} == spoilt


@pytest.mark.parametrize("name", ["elman", pytest.param("lstm", marks=pytest.mark.slow)])
def test_diagnosis_finds_a_mistake_in_equations_that_it_touches(name: str) -> None:
    model = symbptt.load(name)
    drawn = data.random(model, None, T=3, N=2, seed=0)
    known = case(model, parameters=drawn.parameters, inputs=drawn.inputs, targets=drawn.targets, states=drawn.states)
    for mutant in (*mutants(known.backward, known.point), *far_fetched(known.backward, known.point)):
        for cause in mutant.causes:
            touched = {equation.number for equation in cause.mistake.equations(model)}
            assert cause.explanation and (not cause.number or cause.number in touched), cause.explanation


INSIDE = [m for m in EDITS if m.touches >= {Part.CARRY, Part.GRADIENT} and m.name not in ("overwritten", "route-missing")]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["elman", "lstm"])
@pytest.mark.parametrize("mistake", INSIDE, ids=lambda mistake: mistake.name)
def test_an_edit_makes_the_mistake_that_diagnosis_names(mistake: Mistake, name: str) -> None:
    """Made in one summand after the other; where it changes no number, or several mistakes give the same, none is asked for."""
    model, edit = symbptt.load(name), mistake.edit
    assert edit is not None
    sizes = {dimension: 2 + (dimension != "H") for dimension in model.dimensions}
    drawn = data.random(model, sizes, T=3, N=2, seed=1)
    given = {part: getattr(drawn, part) for part in ("parameters", "inputs", "targets", "states")}
    known = case(model, **given)
    for route in [r for r in known.backward.routes if not r.external][::6]:
        for wrong in one_by_one(edit, model, route.value):
            if wrong is None or any(map(_differ, wrong.shape, route.value.shape)):
                continue
            mutant = Mutant((), valued([route], lambda value, wrong=wrong: wrong))  # type: ignore[misc]
            theirs = {n: a for n, a in predicted(mutant, known).items() if n in {v.name for v in model.parameters}}
            if all(np.allclose(known.right[n], a) for n, a in theirs.items()):
                continue
            found = symbptt.diagnose.gradients(model, theirs, **given)
            named_ = {cause for f in found.findings for cause in f.causes}
            assert mistake.name in named_, (str(wrong), named_)


def _differ(one: object, other: object) -> bool:
    return str(one) != str(other)
