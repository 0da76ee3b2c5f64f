"""Formulas of equal structure: found from the formulas alone, and each member is what its place in the family says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symbptt import typeset
from symbptt.document import glossary
from symbptt.model.read import load
from symbptt.narrative import backward, forward
from symbptt.narrative.families import Family, families
from symbptt.narrative.inline import math, plain
from symbptt.narrative.presentation import ENGLISH, Presentation
from symbptt.narrative.values import Step
from symbptt.typeset import family
from symbptt.typeset.tree import Identifier, Tree, rebuilt


def special(tree: Tree, letter: str, member: str) -> Tree:
    """The formula of a member: a member in place of the letter."""
    if isinstance(tree, Identifier):
        return replace(tree, text=tree.text.replace(letter, member))
    return rebuilt(tree, lambda inner: special(inner, letter, member))


def told(name: str) -> list[Step]:
    model = load(name)
    return [*forward.equations(model, ENGLISH).steps, *backward.node_form(model, ENGLISH, model.parameters).steps]


@pytest.mark.parametrize("first, other, expected", [
    ("a_i = W_i x", "a_f = W_f x", ("i", "f")), ("a_i = W_i x", "a_f = W_g x", None), ("a_i = W_i x", "a_f = W_i x", ("i", "f")),
    ("a_i = x", "a_i = x", None), ("a_i = x", "a_f = x + y", None),
    ("k_a", "k_t", None),
])
def test_one_difference_everywhere(first: str, other: str, expected: family.Difference | None) -> None:
    assert family.difference(math(first), math(other)) == expected


def test_members_differ_in_the_same_places() -> None:
    """k_a and k_b differ from k_k in the subscript, r_k in the letter, and k_t is a value of a step."""
    rows = [glossary.Entry(math(name), (f"{what}（{role}）",), "(K×1)") for name, what, role in (
        ("k_k", "甲", "参数"), ("k_a", "乙", "参数"), ("r_k", "丙", "参数"), ("k_b", "丁", "中间量"), ("k_t", "戊", "中间量"),
    )]
    found = [(typeset.text(row.symbol), plain(row.meaning, typeset.text))
        for row in glossary.together(rows, "z", Presentation("zh"))]
    assert found == [
        ("k_z", "甲（参数）、乙（参数）、丁（中间量）, z ∈ {k, a, b}"), ("rₖ", "丙（参数）"), ("kₜ", "戊（中间量）"),
    ]


@pytest.mark.parametrize("name, count", [("lstm", 6), ("gru", 6), ("elman", 0), ("lstm_peephole", 7)])
def test_the_members_of_a_family_are_the_equations_that_it_replaces(name: str, count: int) -> None:
    steps = told(name)
    found = families(steps)
    made = [step for step in found if isinstance(step, Family)]
    assert len(made) == count
    for one in made:
        assert [special(one.equation, one.letter, member) for member, _ in one.instances] == [
            step.equation for _, step in one.instances
        ]
    alone = [step for step in found if not isinstance(step, Family)]
    assert {step.equation for step in steps} == {s.equation for s in alone} | {s.equation for f in made for _, s in f.instances}
    assert sorted(n for step in found for n in step.numbers) == sorted(n for step in steps for n in step.numbers)


def test_the_gates_of_an_lstm_are_one_line() -> None:
    first = families(told("lstm"))[0]
    assert typeset.text(first.equation) == "a_{z,t} = W_{xz} xₜ + W_{hz} hₜ₋₁ + b_z"
    assert plain(first.rule, typeset.text) == "z ∈ {i, f, g, q}" and first.numbers == (1, 3, 5, 7)


def test_a_letter_of_the_model_is_no_index() -> None:
    assert all(step.letter == "p" for step in families(told("gru")) if isinstance(step, Family))
