"""The short forms of parts, for a summary: formulas without their rules."""

from __future__ import annotations

from collections.abc import Iterable

from symbptt.document.blocks import Block, Box, Figure, Lines, Paragraph
from symbptt.document.cell.picture import picture
from symbptt.document.fields import HALF
from symbptt.document.lesson import Lesson
from symbptt.narrative import backward, forward, jacobians
from symbptt.narrative.products import general, head, patterns
from symbptt.narrative.values import Step
from symbptt.typeset.tree import Tree


def _lines(steps: Iterable[Step]) -> Lines:
    return Lines(tuple((step.equation, f"({step.number})" if step.number else "") for step in steps), HALF)


def _box(lesson: Lesson, name: str, *blocks: Block) -> Box:
    return Box("card", lesson.voice.say(f"summary.{name}"), blocks)


def step_forward(lesson: Lesson) -> tuple[Block, ...]:
    """The equations of a step."""
    return (_box(lesson, "forward", _lines(forward.equations(lesson.model, lesson.voice).steps)),)


def one_step(lesson: Lesson) -> tuple[Block, ...]:
    """The picture of a step."""
    drawn = picture(lesson.model, lesson.voice)
    return () if drawn is None else (Figure(drawn, lesson.voice.word("summary.cell"), lesson.voice.say("summary.cell")),)


def factors(lesson: Lesson) -> tuple[Block, ...]:
    """The state Jacobian and the gradient of one loss."""
    model, voice = lesson.model, lesson.voice
    if not model.states:
        return ()
    steps = jacobians.state_jacobian(model, voice).steps if forward.is_recurrent(model) else ()
    return (_box(lesson, "factors", _lines((*steps, *jacobians.loss_gradient(model, voice).steps))),)


def sums(lesson: Lesson) -> tuple[Block, ...]:
    """The gradient as a sum of products, and as a recursion of the whole state."""
    model, voice = lesson.model, lesson.voice
    pattern = next((p for p in patterns(model, lesson.variables) if p.reaches), None)
    if pattern is None or not model.states:
        return ()
    equation = voice.equation(model, head(model, pattern), general(model, pattern, letters=True))
    recursion = backward.state_form(model, voice, lesson.variables).steps[0]
    counted = Paragraph(voice.say("summary.count", steps=str(lesson.T), number=str(lesson.T * (lesson.T + 1) // 2)))
    shown: list[tuple[Tree, str]] = [(equation, ""), (recursion.equation, "")]
    every = model.loss is not None and model.loss.at == "every"
    return (_box(lesson, "sums", Lines(tuple(shown), HALF), *((counted,) if every else ())),)


def values(lesson: Lesson) -> tuple[Block, ...]:
    """The backward recursion value by value, and the gradients."""
    return (_box(lesson, "values", _lines(backward.node_form(lesson.model, lesson.voice, lesson.variables).steps)),)


def watch(lesson: Lesson) -> tuple[Block, ...]:
    """What to watch for, in a sentence each."""
    names = ("carry", "index", "shared") if lesson.model.states else ("shared",)
    return (_box(lesson, "watch", *(Paragraph(lesson.voice.say(f"summary.watch_{name}")) for name in names)),)
