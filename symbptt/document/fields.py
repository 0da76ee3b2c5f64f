"""What the template of a block receives: finished strings, written by the writer of a format."""

from collections.abc import Callable
from dataclasses import replace
from functools import singledispatch
from typing import Any

from symbptt.document.blocks import (
    Beside,
    Block,
    Box,
    Bullets,
    Cell,
    Code,
    Columns,
    Exercise,
    Figure,
    Frame,
    Heading,
    LeftOut,
    Lines,
    Paragraph,
    Plotted,
    Steps,
    Table,
    Terms,
)
from symbptt.document.breaking import broken
from symbptt.document.narrow import LONG, narrowed
from symbptt.document.writers.writer import Writer
from symbptt.errors import MissingRule
from symbptt.narrative.values import Step

Write = Callable[[Block], str]
"""Writes a block inside a block."""
HALF = 22.0
"""The width of half a line in em."""


@singledispatch
def fields(block: Block, writer: Writer, write: Write) -> dict[str, Any]:
    """The values of the template of a block; raises MissingRule for a block without a rule."""
    raise MissingRule("fields of the block", block, "symbptt/document/fields.py")


@fields.register
def _heading(block: Heading, writer: Writer, write: Write) -> dict[str, Any]:
    return {
        "text": writer.text(block.text), "key": block.key, "label": writer.label(block.key), "level": block.level,
        "numbered": block.numbered, "fresh": block.fresh,
    }


@fields.register
def _paragraph(block: Paragraph, writer: Writer, write: Write) -> dict[str, Any]:
    return {"text": writer.prose(block.text), "small": block.small}


@fields.register
def _bullets(block: Bullets, writer: Writer, write: Write) -> dict[str, Any]:
    return {"entries": [writer.prose(item) for item in block.items], "small": block.small}


@fields.register
def _steps(block: Steps, writer: Writer, write: Write) -> dict[str, Any]:
    return {"steps": [made for step in block.steps for made in writer.steps(step)]}


@fields.register
def _lines(block: Lines, writer: Writer, write: Write) -> dict[str, Any]:
    narrow = ((broken(tree, block.width), note) for tree, note in block.lines)
    return {"lines": [(made["math"], writer.prose(note)) for tree, note in narrow for made in writer.steps(Step(tree))[:1]],
            "columns": block.columns}


@fields.register
def _table(block: Table, writer: Writer, write: Write) -> dict[str, Any]:
    head = [writer.prose(cell) for cell in block.head]
    return {"head": head, "rows": [[writer.prose(cell) for cell in row] for row in block.rows], "long": len(block.rows) > LONG,
            "narrow": block.narrow}


def _cell(cell: Cell, writer: Writer) -> dict[str, Any]:
    colour = "" if cell.lag is None or not cell.text else writer.colour(cell.lag)
    return {"text": writer.prose(cell.text), "colour": colour, "pair": cell.pair, "name": writer.text(cell.name)}


@fields.register
def _terms(block: Terms, writer: Writer, write: Write) -> dict[str, Any]:
    rows = [(writer.prose((name,)), [_cell(cell, writer) for cell in cells]) for name, cells in block.rows]
    legend = [(str(lag), writer.colour(lag)) for lag in block.legend]
    head, distance = [writer.text(c) for c in block.columns], writer.inline(block.distance)
    return {"corner": writer.text(block.corner), "head": head, "rows": rows, "distance": distance, "legend": legend}


@fields.register
def _figure(block: Figure, writer: Writer, write: Write) -> dict[str, Any]:
    return {"drawing": writer.drawing(block.scene, block.title), "caption": writer.prose(block.caption)}


@fields.register
def _plotted(block: Plotted, writer: Writer, write: Write) -> dict[str, Any]:
    return {"drawing": writer.plot(block.plot, block.title), "caption": writer.prose(block.caption)}


@fields.register
def _code(block: Code, writer: Writer, write: Write) -> dict[str, Any]:
    return {"code": writer.code(block.text, block.numbers)}


@fields.register
def _box(block: Box, writer: Writer, write: Write) -> dict[str, Any]:
    return {"kind": block.kind, "title": writer.prose(block.title), "body": "".join(map(write, block.blocks))}


@fields.register
def _exercise(block: Exercise, writer: Writer, write: Write) -> dict[str, Any]:
    return {
        "number": block.number, "question": "".join(map(write, block.question)), "hint": writer.prose(block.hint),
        "solution": "".join(map(write, block.solution)), "room": block.room, "room_below": not block.solution and block.room > 0,
        "mark": writer.prose(block.mark),
    }


@fields.register
def _beside(block: Beside, writer: Writer, write: Write) -> dict[str, Any]:
    rows = [
        ([made for step in steps for made in writer.steps(replace(step, equation=broken(step.equation, HALF)))],
         writer.code(code, frozenset()))
        for steps, code in block.rows
    ]
    return {"head": [writer.prose(cell) for cell in block.head], "rows": rows}


@fields.register
def _left_out(block: LeftOut, writer: Writer, write: Write) -> dict[str, Any]:
    return {"reason": writer.prose(block.reason)}


@fields.register
def _frame(block: Frame, writer: Writer, write: Write) -> dict[str, Any]:
    listing = any(isinstance(part, (Beside, Code)) for part in block.blocks)
    return {"title": writer.text(block.title), "body": "".join(map(write, block.blocks)), "listing": listing}


@fields.register
def _columns(block: Columns, writer: Writer, write: Write) -> dict[str, Any]:
    columns = [tuple(map(narrowed, column)) for column in block.columns] if writer.paper else block.columns
    return {"columns": [
        (writer.text(title), "".join(map(write, column))) for title, column in zip(block.titles, columns, strict=True)
    ], "balanced": block.balanced}
