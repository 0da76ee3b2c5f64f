"""Blocks for the column of a page: their formulas are broken into shorter lines, and tables stand beside each other."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import singledispatch
from itertools import groupby
from math import ceil

from symbptt.document.blocks import Block, Box, Code, Columns, Lines, Steps, Table, balanced
from symbptt.document.breaking import broken
from symbptt.draw.width import width
from symbptt.narrative.values import Prose
from symbptt.typeset.tree import Tree

ROOM = 22.0
"""The width in em of a formula in one of two columns."""
FRAME = 1.0
"""What a frame takes of it."""
LETTER, GAP = 0.5, 1.2
"""The width of a letter, and the space between the columns of a table, in em."""
LONG = 24
"""Rows from which a table runs over several pages."""
HIGH = 40
"""The rows of a table that is not cut by the end of a page."""
HALF = 32.0
"""The widest table that stands beside another one, in em of the text, somewhat smaller than it is."""


@singledispatch
def narrowed(block: Block, room: float = ROOM) -> Block:
    """A block with formulas that are no wider than `room` em where a break can prevent it."""
    return block


@narrowed.register
def _steps(block: Steps, room: float = ROOM) -> Block:
    return Steps(tuple(replace(step, equation=broken(step.equation, room)) for step in block.steps))


@narrowed.register
def _lines(block: Lines, room: float = ROOM) -> Block:
    return replace(block, width=min(block.width, room))


@narrowed.register
def _box(block: Box, room: float = ROOM) -> Block:
    return replace(block, blocks=tuple(narrowed(one, room - FRAME) for one in block.blocks))


def in_columns(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks of a paper, with listings in two columns, and boxes that stand in pairs without gaps between pairs."""
    for paired, run in groupby(blocks, lambda block: bool(_boxes(block))):
        if paired:
            yield balanced(box for pair in run for box in _boxes(pair))
        else:
            yield from (balanced((block,)) if isinstance(block, Code) else block for block in run)


def _boxes(block: Block) -> tuple[Box, ...]:
    """The boxes of which a pair is, none for any other block."""
    inner = [one for column in block.columns for one in column] if isinstance(block, Columns) else []
    boxes = tuple(one for one in inner if isinstance(one, Box))
    return boxes if len(boxes) == len(inner) else ()


def in_pairs(boxes: Sequence[Box]) -> Iterator[Block]:
    """Boxes two by two."""
    for first in range(0, len(boxes), 2):
        pair = boxes[first : first + 2]
        yield Columns(("", ""), (tuple(pair[:1]), tuple(pair[1:])))


def wide(prose: Prose) -> float:
    """The width in em of words and formulas, roughly."""
    return sum(width(part) if isinstance(part, Tree) else LETTER * len(str(part)) for part in prose)


def table_width(table: Table) -> float:
    """The width in em of a table, roughly."""
    return sum(max(map(wide, column)) + GAP for column in zip(table.head, *table.rows, strict=True))


def abreast(left: tuple[Block, ...], right: tuple[Block, ...]) -> tuple[Block, ...]:
    """Words and tables side by side where all tables are small enough to be read there, else one below the other, folded."""
    tables = [one for one in (*left, *right) if isinstance(one, Table)]
    if not right or any(table_width(one) > HALF or len(one.rows) > HIGH for one in tables):
        return tuple(part for one in (*left, *right) for part in (_folded(one) if isinstance(one, Table) else (one,)))
    return (Columns(("", ""), tuple(tuple(part for one in side for part in _pieces(one)) for side in (left, right))),)


def _folded(table: Table) -> Iterator[Block]:
    """A long table as pairs side by side, which a page may part; rows too wide for half a page stand below."""
    slim = tuple(row for row in table.rows if table_width(replace(table, rows=(row,))) <= HALF)
    if len(table.rows) <= LONG or len(slim) <= LONG or table_width(replace(table, rows=slim)) > HALF:
        yield table
        return
    for first in range(0, len(slim), LONG):
        rows = slim[first : first + LONG]
        middle = (len(rows) + 1) // 2
        yield Columns(("", ""), tuple((replace(table, rows=half),) for half in (rows[:middle], rows[middle:]) if half))
    if others := tuple(row for row in table.rows if row not in slim):
        yield replace(table, rows=others)


def _pieces(block: Block) -> Iterator[Block]:
    """A long table as several, each short enough for a column."""
    if not isinstance(block, Table):
        yield block
        return
    size = ceil(len(block.rows) / ceil(len(block.rows) / LONG)) if block.rows else LONG
    for first in range(0, len(block.rows), size):
        yield replace(block, rows=block.rows[first : first + size])
