"""The summary card: what to remember, on a few lines."""

from __future__ import annotations

from symbptt.document.blocks import Block, Box, Heading, Paragraph, Steps
from symbptt.document.lesson import Lesson
from symbptt.narrative import backward, forward
from symbptt.narrative.products import general, head, patterns
from symbptt.narrative.values import Step

LINES = 14
"""The most lines of one list of the card."""


def card(lesson: Lesson) -> tuple[Block, ...]:
    """Forward, the sum of products, backward, and the gradients."""
    model, voice = lesson.model, lesson.voice
    given = [Step(s.equation, number=None) for s in forward.equations(model, voice).steps]
    values = [Step(s.equation) for s in backward.node_form(model, voice, lesson.variables).steps]
    pattern = next((p for p in patterns(model, lesson.variables) if p.reaches), None)
    blocks: list[Block] = [Paragraph(voice.say("handout.card.forward")), Steps(tuple(given[:LINES]))]
    if pattern is not None and model.states:
        sums = voice.equation(model, head(model, pattern), general(model, pattern, letters=True))
        step = backward.state_form(model, voice, lesson.variables).steps[0]
        blocks += [Paragraph(voice.say("handout.card.sum")), Steps((Step(sums),))]
        blocks += [Paragraph(voice.say("handout.card.recursion")), Steps((Step(step.equation),))]
    blocks += [Paragraph(voice.say("handout.card.values")), Steps(tuple(values[:LINES]))]
    return (
        Heading(voice.word("handout.card.heading"), "card"),
        Box("card", voice.say("handout.card.title", model=voice.title(model)), tuple(blocks)),
    )
