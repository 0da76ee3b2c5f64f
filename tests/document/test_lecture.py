"""Slides: how many they are, that the recursion beside code is complete or closed, and that references lead somewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symbptt import document
from symbptt.derive.recursion import recursion
from symbptt.document import DocumentOptions
from symbptt.document.blocks import Beside
from symbptt.document.context import DocumentContext
from symbptt.document.parts import lecture
from symbptt.model.read import load
from symbptt.model.values import Role
from symbptt.narrative.families import Family

MOST = 30
SLIDES = DocumentOptions(kind="slides")


def shown(name: str) -> set[str]:
    """The labels of the equations that stand beside code."""
    blocks = lecture.recursion(DocumentContext((load(name),), 3, full=False))
    (beside,) = (block for block in blocks if isinstance(block, Beside))
    steps = [step for steps, _ in beside.rows for step in steps]
    assert all(code for _, code in beside.rows)
    return {one.label for step in steps for one in (dict(step.instances).values() if isinstance(step, Family) else [step])}


def test_a_small_recursion_is_shown_whole() -> None:
    found = recursion(load("elman"))
    gradients = {f"gradient-{e.variable.name}" for e in found.gradients if e.variable.role is Role.PARAMETER}
    assert shown("elman") == {f"adjoint-{e.variable.name}" for e in found.adjoints} | gradients


def test_what_is_shown_of_a_large_one_rests_on_nothing_else() -> None:
    found, labels = recursion(load("gla")), shown("gla")
    known = {e.variable.name: e for e in found.adjoints}
    assert 0 < len(labels) < len(found.adjoints) + len(found.gradients)
    for equation in (*found.adjoints, *found.gradients):
        if {f"adjoint-{equation.variable.name}", f"gradient-{equation.variable.name}"} & labels:
            read = {c.through.name for c in (*equation.terms, *equation.carries)} & set(known)
            assert {f"adjoint-{name}" for name in read} <= labels


def test_slides_and_summary_say_how_they_were_made() -> None:
    for kind in ("slides", "summary"):
        tex = document.render("scalar", 2, "tex", options=replace(SLIDES, kind=kind))
        assert rf"\texttt{{symbptt document scalar -T 2 -{{}}-kind {kind}}}" in tex
        assert "(\\ref{})" not in tex and "…" not in tex


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", ["elman", "lstm", "gru", "gated_deltanet", "mamba2"])
def test_a_lecture_has_at_most_thirty_slides(name: str, language: str) -> None:
    made = document.compose(name, 3, options=replace(SLIDES, language=language))
    assert len(made.blocks) + 1 <= MOST
    numbers = [number for number, _ in made.numbers.values()]
    assert set(numbers) == set(range(1, max(numbers) + 1))
