"""The short forms of parts, for a summary: formulas without their rules."""

from collections.abc import Iterable

from symbptt.document.blocks import Block, Box, Figure, Lines, Paragraph
from symbptt.document.cell.picture import picture
from symbptt.document.context import DocumentContext
from symbptt.document.fields import HALF
from symbptt.document.numbering import noted
from symbptt.draw.scene import HALF_PAGE
from symbptt.narrative import backward, forward, jacobians
from symbptt.narrative.families import families
from symbptt.narrative.products import general, head, patterns
from symbptt.narrative.values import Prose, Step
from symbptt.typeset.tree import Tree


def _lines(context: DocumentContext, steps: Iterable[Step]) -> Lines:
    return Lines(tuple((step.equation, noted(step)) for step in families(tuple(steps), context.letter)), HALF)


def _box(context: DocumentContext, name: str, *blocks: Block) -> Box:
    return Box("card", context.presentation.prose(f"summary.{name}"), blocks)


def step_forward(context: DocumentContext) -> tuple[Block, ...]:
    """The equations of a step."""
    return (_box(context, "forward", _lines(context, forward.equations(context.model, context.presentation).steps)),)


def one_step(context: DocumentContext) -> tuple[Block, ...]:
    """The picture of a step."""
    drawn = picture(context.model, context.presentation, HALF_PAGE)
    return () if drawn is None else (Figure(drawn, context.presentation.text("summary.cell"),
        context.presentation.prose("summary.cell")),)


def factors(context: DocumentContext) -> tuple[Block, ...]:
    """The state Jacobian and the gradient of one loss."""
    model, presentation = context.model, context.presentation
    if not model.states:
        return ()
    steps = jacobians.state_jacobian(model, presentation).steps if forward.is_recurrent(model) else ()
    return (_box(context, "factors", _lines(context, (*steps, *jacobians.loss_gradient(model, presentation).steps))),)


def sums(context: DocumentContext) -> tuple[Block, ...]:
    """The gradient as a sum of products, and as a recursion of the whole state."""
    model, presentation = context.model, context.presentation
    pattern = next((p for p in patterns(model, context.variables) if p.reaches), None)
    if pattern is None or not model.states:
        return ()
    equation = presentation.equation(model, head(model, pattern), general(model, pattern, letters=True))
    recursion = backward.state_form(model, presentation, context.variables).steps[0]
    counted = Paragraph(presentation.prose("summary.count", steps=str(context.T), number=str(context.T * (context.T + 1) // 2)))
    shown: list[tuple[Tree, Prose]] = [(equation, ()), (recursion.equation, ())]
    every = model.loss is not None and model.loss.at == "every"
    return (_box(context, "sums", Lines(tuple(shown), HALF), *((counted,) if every else ())),)


def values(context: DocumentContext) -> tuple[Block, ...]:
    """The backward recursion value by value, and the gradients."""
    return (_box(context, "values", _lines(context, backward.node_form(context.model, context.presentation,
        context.variables).steps)),)


def watch(context: DocumentContext) -> tuple[Block, ...]:
    """What to watch for, in a sentence each."""
    names = ("carry", "index", "shared") if context.model.states else ("shared",)
    return (_box(context, "watch", *(Paragraph(context.presentation.prose(f"summary.watch_{name}")) for name in names)),)
