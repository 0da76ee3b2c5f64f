"""The summary card: what to remember, side by side."""

from __future__ import annotations

from collections.abc import Iterable

from symbptt.derive.recursion import recursion
from symbptt.document.blocks import Block, Box, Columns, Heading, Lines, Paragraph
from symbptt.document.fields import HALF
from symbptt.document.lesson import Lesson
from symbptt.narrative import backward, forward
from symbptt.narrative.products import general, head, patterns
from symbptt.narrative.values import Step
from symbptt.typeset.tree import Tree


def _lines(steps: Iterable[Step]) -> list[tuple[Tree, str]]:
    return [(step.equation, f"({step.number})" if step.number else "") for step in steps]


def card(lesson: Lesson) -> tuple[Block, ...]:
    """Values forward and back on the left; the gradient as a sum, as a recursion, and by every parameter on the right."""
    model, voice = lesson.model, lesson.voice
    found = recursion(model)
    adjoints = {e.number for e in found.adjoints}
    told = backward.node_form(model, voice, lesson.variables).steps
    values = _lines(s for s in told if s.number in adjoints)
    gradients = _lines(s for s in told if s.number not in adjoints)
    left = [_said(lesson, "forward"), Lines(tuple(_lines(forward.equations(model, voice).steps)), HALF)]
    left += [_said(lesson, "values"), Lines(tuple(values), HALF)]
    pattern = next((p for p in patterns(model, lesson.variables) if p.reaches), None)
    right: list[Block] = []
    if pattern is not None and model.states:
        step = backward.state_form(model, voice, lesson.variables).steps[0]
        sums = voice.equation(model, head(model, pattern), general(model, pattern, letters=True))
        right += [_said(lesson, "sum"), Lines(((sums, ""), (step.equation, "")), HALF)]
    right += [_said(lesson, "gradients"), Lines(tuple(gradients), HALF)]
    title = voice.say("handout.card.title", model=voice.title(model))
    return (
        Heading(voice.word("handout.card.heading"), "card", fresh=True),
        Box("card", title, (Columns(("", ""), (tuple(left), tuple(right))),)),
    )


def _said(lesson: Lesson, name: str) -> Block:
    return Paragraph(lesson.voice.say(f"handout.card.{name}"))
