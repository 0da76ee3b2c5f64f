"""The summary card: what to remember, side by side."""

from collections.abc import Iterable

from symbptt.derive.recursion import recursion
from symbptt.document.blocks import Block, Box, Columns, Heading, Lines, Paragraph
from symbptt.document.context import DocumentContext
from symbptt.document.fields import HALF
from symbptt.document.numbering import noted
from symbptt.narrative import backward, forward
from symbptt.narrative.families import families
from symbptt.narrative.products import general, head, patterns
from symbptt.narrative.values import Prose, Step
from symbptt.typeset.tree import Tree


def _lines(context: DocumentContext, steps: Iterable[Step]) -> list[tuple[Tree, Prose]]:
    return [(step.equation, noted(step)) for step in families(tuple(steps), context.letter)]


def card(context: DocumentContext) -> tuple[Block, ...]:
    """Values forward and back on the left; the gradient as a sum, as a recursion, and by every parameter on the right."""
    model, presentation = context.model, context.presentation
    found = recursion(model)
    adjoints = {e.number for e in found.adjoints}
    told = backward.node_form(model, presentation, context.variables).steps
    values = _lines(context, (s for s in told if s.number in adjoints))
    gradients = _lines(context, (s for s in told if s.number not in adjoints))
    left = [_said(context, "forward"), Lines(tuple(_lines(context, forward.equations(model, presentation).steps)), HALF)]
    left += [_said(context, "values"), Lines(tuple(values), HALF)]
    pattern = next((p for p in patterns(model, context.variables) if p.reaches), None)
    right: list[Block] = []
    if pattern is not None and model.states:
        step = backward.state_form(model, presentation, context.variables).steps[0]
        sums = presentation.equation(model, head(model, pattern), general(model, pattern, letters=True))
        right += [_said(context, "sum"), Lines(((sums, ()), (step.equation, ())), HALF)]
    right += [_said(context, "gradients"), Lines(tuple(gradients), HALF)]
    title = presentation.prose("handout.card.title", model=presentation.title(model))
    return (
        Heading(presentation.text("handout.card.heading"), "card", fresh=True),
        Box("card", title, (Columns(("", ""), (tuple(left), tuple(right))),)),
    )


def _said(context: DocumentContext, name: str) -> Block:
    return Paragraph(context.presentation.prose(f"handout.card.{name}"))
