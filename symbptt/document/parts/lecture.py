"""Parts as a lecture has them: factors under one heading, the recursion beside its code, pitfalls."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from symbptt.document import listing
from symbptt.document.blocks import Beside, Block, Heading, Paragraph
from symbptt.document.context import DocumentContext
from symbptt.document.parts import coded, derived
from symbptt.document.parts import pitfalls as mistaken
from symbptt.model.values import Variable
from symbptt.narrative import backward
from symbptt.narrative.families import families
from symbptt.narrative.values import Prose, Step, Typed
from symbptt.narrative.way import MANY, labelled, way_to


def factors(context: DocumentContext) -> tuple[Block, ...]:
    """The factors of a term under one heading."""
    told = tuple(block for block in derived.factors(context) if not isinstance(block, Heading))
    return (Heading(context.presentation.text("handout.factors.heading"), "factors"), *told) if told else ()


def recursion(context: DocumentContext) -> tuple[Block, ...]:
    """The backward recursion, each equation beside its lines of code; of a large model the way to one parameter."""
    model, presentation = context.model, context.presentation
    told = backward.node_form(model, presentation, context.variables)
    shown, way = families(told.steps, context.letter), tuple[Prose, ...]()
    if context.main is not None and not context.full and len(shown) > MANY:
        shown = families(tuple(_bare_way(context, context.main, told.steps)), context.letter)
        way = (presentation.prose("handout.code.way", parameter=presentation.tree(context.main.at(), model)),)
    slots = {"command": listing.command(model, model.parameters, context.T), "weight": "weight", "passed": "c_"}
    intro = presentation.prose("handout.code.intro", **{name: Typed(text) for name, text in slots.items()})
    head = (presentation.prose("handout.code.equation"), presentation.prose("handout.code.line"))
    said = (*told.intro, (*intro, *(part for prose in way for part in prose)))
    return (Heading(told.heading, "values"), *map(Paragraph, said), Beside(head, tuple(coded.rows(context, shown))))


def pitfalls(context: DocumentContext) -> tuple[Block, ...]:
    """The common mistakes, without the numbers of a gradient check."""
    return mistaken.told(context)


def _bare_way(context: DocumentContext, theta: Variable, steps: Iterable[Step]) -> Iterator[Step]:
    """The equations on the way to a parameter, and those that the pitfalls are about, with formula and number alone."""
    labels = (labelled("gradient", theta), *(pitfall.label for pitfall in mistaken.mistakes(context)))
    kept = way_to(context.model, labels)
    return (replace(step, rule=(), shapes="", claim=()) for step in steps if step.label in kept)
