"""The unrolled graph with the numbers of the worked example, in the values' colour and in the adjoints'."""

from symbptt.document.blocks import Block, Figure, Heading
from symbptt.document.context import DocumentContext
from symbptt.document.example.numbers import refusal, required
from symbptt.document.graph import numbered
from symbptt.document.parts import opening
from symbptt.document.parts.worked import length
from symbptt.narrative.inline import math


def graph(context: DocumentContext) -> tuple[Block, ...]:
    """The picture with numbers; without, where there is no example or it would not fit on a page."""
    model, presentation = context.model, context.presentation
    if refusal(model) is not None:
        return opening.graph(context)
    found = required(model, length(model, context.T))
    drawn = numbered.scene(found, context.variables, presentation)
    if drawn is None:
        return opening.graph(context)
    title = presentation.text("document.graph.title", title=presentation.title(model), steps=str(found.graph.T))
    caption = presentation.prose("handout.graph.caption", steps=math(f"T = {found.graph.T}"))
    return (Heading(presentation.text("common.heading.graph"), "graph"),
        Figure(drawn, title, (*caption, *opening.kept(model, presentation))))
