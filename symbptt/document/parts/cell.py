"""One step walked backwards: the picture, and the local rule of every node."""

from symbptt.document.blocks import Block, Figure, Heading, LeftOut, Paragraph, Table
from symbptt.document.cell.operations import operations
from symbptt.document.cell.picture import complete, picture
from symbptt.document.cell.walk import Visit, walk
from symbptt.document.context import DocumentContext
from symbptt.document.narrow import wide
from symbptt.draw.scene import PAGE, SLIDE, Room
from symbptt.narrative.values import Prose

WIDEST = 50.0
"""The widest table in em of the text; beyond it would be set too small to read."""


def cell(context: DocumentContext) -> tuple[Block, ...]:
    """The picture of one step, and the table of what every node receives and passes on."""
    presentation = context.presentation
    head = tuple(presentation.prose(f"handout.cell.{name}") for name in ("number", "node", "arrives", "to", "passes"))
    rows = tuple(row for number, visit in enumerate(walk(context.model), 1) for row in _rows(context, number, visit))
    fits = context.full and sum(max(map(wide, column)) for column in zip(*rows, strict=True)) <= WIDEST
    drawn = _drawn(context, PAGE, presentation.prose("handout.cell.in_table") if fits else ())
    if not fits and isinstance(drawn, LeftOut):
        return (drawn,)
    told = (Heading(presentation.text("handout.cell.heading"), "cell"), Paragraph(presentation.prose("handout.cell.intro")),
        drawn)
    if not context.full:
        return told
    return (*told, Table(head, rows) if fits else LeftOut(presentation.prose("handout.cell.too_wide")))


def _drawn(context: DocumentContext, room: Room, table: Prose) -> Block:
    """The picture, with words about the table beside it, or that it does not fit."""
    model, presentation = context.model, context.presentation
    found = picture(model, presentation, room)
    if found is None:
        return LeftOut(presentation.prose("handout.cell.too_large", number=str(len(operations(model)))))
    missing = () if complete(model, presentation, found) else presentation.prose("handout.cell.missing")
    caption = presentation.prose("handout.cell.caption", table=table, missing=missing)
    return Figure(found, presentation.text("handout.cell.title", title=presentation.title(model)), caption)


def seen(context: DocumentContext) -> tuple[Block, ...]:
    """The picture alone, if a slide has room for it."""
    drawn = _drawn(context, SLIDE, ())
    heading = Heading(context.presentation.text("handout.cell.heading"), "cell")
    return (drawn,) if isinstance(drawn, LeftOut) else (heading, drawn)


def _rows(context: DocumentContext, number: int, visit: Visit) -> list[tuple[Prose, ...]]:
    """A row for each operand; number, node and what arrives stand in the first."""
    model, presentation = context.model, context.presentation
    node = operations(model)[visit.node]
    value = presentation.tree(node.value, model)
    named: Prose = (value,) if node.names is None else (presentation.tree(node.names.at(), model), " = ", value)
    first: tuple[Prose, ...] = ((str(number),), named, (presentation.tree(visit.arrives, model),))
    rest: tuple[Prose, ...] = ((), (), ())
    return [
        (*(rest if i else first), (presentation.tree(item.operand, model),), (presentation.tree(item.value, model),))
        for i, item in enumerate(visit.passes)
    ]
