"""What stands in front: remarks on the model, the table of notation, the unrolled graph."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from symbptt.document import glossary
from symbptt.document.blocks import Block, Columns, Figure, Heading, Paragraph, Table
from symbptt.document.context import DocumentContext
from symbptt.document.graph.flow import not_drawn
from symbptt.document.graph.picture import labelled, scene
from symbptt.model.values import Model
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.values import Prose

MOST = 64
"""The rows of two tables of notation that stand side by side."""


def remarks(context: DocumentContext) -> tuple[Block, ...]:
    """What the model file says to its reader."""
    return tuple(Paragraph((note,)) for note in context.presentation.notes(context.model))


def notation(context: DocumentContext) -> tuple[Block, ...]:
    """Every symbol with its meaning and shape."""
    return (Heading(context.presentation.text("common.heading.notation"), "notation"), *symbols(context))


def whole_notation(context: DocumentContext) -> tuple[Block, ...]:
    """The same with the functions that are called and the signs of formulas."""
    return notation(replace(context, full=True))


def symbols(context: DocumentContext) -> tuple[Block, ...]:
    """The table of symbols, and what the letters of the shapes mean."""
    entries = glossary.entries(context.derivation, context.letter, context.full)
    return (*tables(entries, context), Paragraph(glossary.sizes(context.model, context.presentation)))


def tables(entries: Iterable[glossary.Entry], context: DocumentContext) -> tuple[Block, ...]:
    """The rows as a table, or as two side by side."""
    head = tuple(context.presentation.prose(f"document.notation.{name}") for name in ("symbol", "meaning", "shape"))
    rows = tuple(((e.symbol,), e.meaning, (e.shape,)) for e in entries)
    return (Table(head, rows),) if context.full else tuple(_halved(head, rows))


def _halved(head: tuple[Prose, ...], rows: tuple[tuple[Prose, ...], ...]) -> Iterator[Block]:
    """A table as two side by side, or as several such pairs, each of which fits on a page."""
    for first in range(0, len(rows), MOST):
        part = rows[first : first + MOST]
        middle = (len(part) + 1) // 2
        halves = tuple(Table(head, half, narrow=True) for half in (part[:middle], part[middle:]) if half)
        yield Columns(("",) * len(halves), tuple((half,) for half in halves))


def kept(model: Model, presentation: Presentation) -> Prose:
    """That values which are only kept for a later step are not drawn, where they are not."""
    return presentation.prose("document.graph.kept") if not_drawn(model) else ()


def graph(context: DocumentContext) -> tuple[Block, ...]:
    """The unrolled graph with forward and gradient edges."""
    told, presentation = context.derivation, context.presentation
    title = presentation.text("document.graph.title", title=told.title, steps=str(told.T))
    caption = presentation.prose("document.graph.caption" if labelled(told.model) else "document.graph.unlabelled")
    drawn = Figure(scene(told.model, told.T, told.wrt, presentation), title, (*caption, *kept(told.model, presentation)))
    return (Heading(presentation.text("common.heading.graph"), "graph"), drawn)
