"""Line breaks: nothing is lost, nothing is too wide where a break helps."""

from __future__ import annotations

import pytest

from symbptt import narrative, typeset
from symbptt.document.breaking import FLAT, HIGHEST, LIMIT, TALL, broken, chunks, portions, unbroken
from symbptt.draw.width import width
from symbptt.model.read import load
from symbptt.narrative.values import Step
from symbptt.typeset.tree import Aligned, Equality, Identifier, Operator, Row, Tree

X = Identifier("x")


def total(count: int, sign: str = "+") -> Row:
    items: list[Tree] = [X]
    for _ in range(count - 1):
        items += [Operator(sign), X]
    return Row(tuple(items))


def letters(text: str) -> str:
    return "".join(c for c in text if c not in " \n·\u2061")


def test_a_short_formula_stays_as_it_is() -> None:
    tree = Equality(X, (total(3),))
    assert broken(tree) is tree
    assert broken(total(3)) == total(3)


@pytest.mark.parametrize("sign", ["+", "−", "\u2062"])
def test_a_long_formula_gets_lines_that_fit(sign: str) -> None:
    tree = Equality(X, (total(100, sign),))
    made = broken(tree, 20.0)
    assert isinstance(made, Aligned)
    assert len(made.lines) > 3
    assert all(width(line) <= 21.5 for line in made.lines)
    assert letters(typeset.text(made)) == letters(typeset.text(tree))


def test_lines_of_a_sum_begin_with_its_sign() -> None:
    made = broken(Equality(X, (total(60),)), 20.0)
    assert isinstance(made, Aligned)
    assert [line.relation for line in made.lines] == ["="] + ["+"] * (len(made.lines) - 1)
    assert typeset.latex(made).count(r"&+") == len(made.lines) - 1


def test_lines_of_a_product_begin_with_a_dot() -> None:
    made = broken(total(200, "\u2062"), 20.0)
    assert isinstance(made, Aligned)
    assert {line.relation for line in made.lines[1:]} == {"·"}


def test_sides_stand_below_each_other() -> None:
    made = broken(Equality(X, (total(12), total(12), total(12))), 30.0)
    assert isinstance(made, Aligned)
    assert typeset.latex(made).count("&=") == 3


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", ["elman", "gru", "lstm", "jordan", "mgu"])
def test_what_a_derivation_says_survives_the_breaks(name: str) -> None:
    for section in narrative.derivation(load(name), 3, "all").sections:
        for step in section.steps:
            made = broken(step.equation)
            assert letters(typeset.text(made)) == letters(typeset.text(step.equation))
            assert width(made) < 1.6 * LIMIT


def test_portions_hold_all_lines_and_fit() -> None:
    lines = Aligned(tuple(Equality(X, (total(3),)) for _ in range(50)))
    made = chunks(lines)
    assert tuple(line for part in made for line in part.lines) == lines.lines
    assert all(len(part.lines) * FLAT <= HIGHEST for part in made)
    assert TALL > FLAT
    assert chunks(X) == [X]


def test_a_step_is_cut_between_its_equations_and_its_rule_stays_behind_the_last() -> None:
    nothing = Row(())
    lines = [Equality(left, (total(3),)) for _ in range(8) for left in (X, nothing, nothing)]
    step = Step(Aligned(tuple(lines)), ("the rule",), "(1×1)", ("the claim",), 7)
    made = portions(step, 5 * FLAT)
    assert [line for part in made for line in part.equation.lines] == lines
    assert all(part.equation.lines[0].left == X and len(part.equation.lines) == 3 for part in made)
    assert [(part.claim, part.rule, part.shapes, part.number) for part in made] == [
        (("the claim",), (), "", None), *[((), (), "", None)] * 6, ((), ("the rule",), "(1×1)", 7),
    ]
    assert portions(step, 1000.0) == [step]
    high = Step(Aligned(tuple(lines[:3])))
    assert [len(part.equation.lines) for part in portions(high, 2 * FLAT)] == [2, 1]


def test_a_line_of_text_breaks_a_formula_at_signs_and_not_between_factors() -> None:
    assert unbroken(total(40)) == width(X)
    assert unbroken(Equality(X, (total(40, "\u2062"), X))) == width(total(40, "\u2062"))
