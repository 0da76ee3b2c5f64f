"""Slides out of parts: what stands under a heading, in portions that fit on a slide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import singledispatch

from symbptt.document.blocks import (
    Beside,
    Block,
    Box,
    Bullets,
    Code,
    Columns,
    Exercise,
    Figure,
    Frame,
    Heading,
    Lines,
    Paragraph,
    Steps,
    Table,
    Terms,
)
from symbptt.document.breaking import FLAT, TALL, broken, portions
from symbptt.document.fields import HALF
from symbptt.narrative.inline import plain
from symbptt.narrative.values import Step
from symbptt.typeset import text
from symbptt.typeset.tree import Aligned, Tree

Pair = tuple[tuple[Step, ...], str]
Pairs = tuple[Pair, ...]
"""Equations and the code that computes them."""
HEIGHT, WHOLE = 16.0, 12.0
"""The height of a slide in lines of text, and that of what has a slide of its own."""
HEAD = 1.5
"""The height of what stands over two columns."""
NOTED = 2.3
"""The height of a rule with its shapes beside a formula."""
LETTERS = 95
"""Characters in a line."""
TYPED, SIGNS = 0.75, 52
"""The height of a line of code, and the characters in one of half a slide's width."""


def slides(blocks: Iterable[Block]) -> Iterator[Frame]:
    """Under every heading its portions; a box without a heading is a slide of its own."""
    title, waiting = "", list[Block]()
    for block in _apart(blocks):
        if isinstance(block, Heading):
            yield from _filled(title, waiting)
            title, waiting = block.text, []
        elif isinstance(block, Box) and (height(block) > HEIGHT or not title):
            yield from _filled(title, waiting)
            waiting = []
            yield from _boxed(title, block)
        else:
            waiting += _portions(block)
    yield from _filled(title, waiting)


def _apart(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks with those that would fill the columns of a page, or stand in pairs, one by one."""
    for block in blocks:
        inner = [one for column in block.columns for one in column] if isinstance(block, Columns) else []
        if isinstance(block, Columns) and (block.balanced or all(isinstance(one, Box) for one in inner)):
            yield from inner
        else:
            yield block


def _boxed(title: str, box: Box) -> Iterator[Frame]:
    """A box on a slide of its own, or what is in it on several."""
    name = plain(box.title, text)
    if sum(map(height, box.blocks)) <= HEIGHT:
        yield Frame(title or name, (box,))
    else:
        yield from _filled(name, [part for block in box.blocks for part in _portions(block)])


def _filled(title: str, blocks: list[Block]) -> Iterator[Frame]:
    """Slides as full as fits; words stay with what follows them."""
    slide: list[Block] = []
    room = HEIGHT
    for i, block in enumerate(blocks):
        following = blocks[i + 1] if isinstance(block, Paragraph) and i + 1 < len(blocks) else None
        needed = height(block) + (height(following) if following is not None else 0.0)
        if slide and needed > room:
            yield Frame(title, tuple(slide))
            slide, room = [], HEIGHT
        slide.append(block)
        room -= height(block)
    if slide:
        yield Frame(title, tuple(slide))


@singledispatch
def _portions(block: Block) -> list[Block]:
    """A block in pieces that may stand on different slides."""
    return [block]


@_portions.register
def _each_step(block: Steps) -> list[Block]:
    return [Steps((part,)) for step in block.steps for part in portions(step, HEIGHT - 3)]


@_portions.register
def _each_line(block: Lines) -> list[Block]:
    return [Lines((line,)) for line in block.lines]


@_portions.register
def _each_pair(block: Beside) -> list[Block]:
    """As many pairs as fit; code that is higher than a slide goes on beside nothing."""
    made: list[Pairs] = []
    room = 0.0
    for pair in (part for steps, code in block.rows for part in _cut(steps, code.splitlines())):
        if (needed := _pair(pair)) > room:
            made.append(())
            room = HEIGHT - HEAD
        made[-1] += (pair,)
        room -= needed
    return [Beside(block.head, rows) for rows in made]


def _cut(steps: tuple[Step, ...], lines: list[str]) -> Iterator[Pair]:
    most = int((HEIGHT - HEAD) / TYPED) - 1
    piece: list[str] = []
    for line in lines:
        if piece and sum(map(_wrapped, [*piece, line])) > most:
            yield steps, "\n".join(piece)
            steps, piece = (), []
        piece.append(line)
    yield steps, "\n".join(piece)


def _wrapped(line: str) -> int:
    """How many lines a line of code becomes."""
    return 1 + max(len(line) - 1, 0) // SIGNS


@singledispatch
def height(block: Block) -> float:
    """How high a block is, in lines."""
    return WHOLE


@height.register
def _words(block: Paragraph) -> float:
    return 1.4 + len(plain(block.text, text)) // LETTERS


@height.register
def _list(block: Bullets) -> float:
    return sum(1.3 + len(plain(item, text)) // LETTERS for item in block.items)


@height.register
def _formulas(block: Steps) -> float:
    return sum(max(_tree(step.equation), NOTED if step.shapes else 0.0) + (1.4 if step.claim else 0.4) for step in block.steps)


@height.register
def _calculation(block: Lines) -> float:
    return sum(_tree(broken(tree)) + 0.3 for tree, _ in block.lines)


@height.register
def _pairs(block: Beside) -> float:
    return HEAD + sum(map(_pair, block.rows))


def _pair(pair: Pair) -> float:
    steps, code = pair
    formulas = sum(_tree(broken(step.equation, HALF)) + 0.3 for step in steps)
    return max(formulas, TYPED * sum(map(_wrapped, code.splitlines())) + 0.4)


@height.register
def _box(block: Box) -> float:
    return 2.2 + sum(map(height, block.blocks))


@height.register
def _rows(block: Table) -> float:
    return 2.5 + 1.2 * len(block.rows)


@height.register
def _sizes(block: Terms) -> float:
    return 4.0 + 1.3 * len(block.rows)


@height.register(Figure)
@height.register(Code)
@height.register(Exercise)
def _alone(block: Block) -> float:
    return WHOLE


def _tree(tree: Tree) -> float:
    lines = tree.lines if isinstance(tree, Aligned) else (tree,)
    return sum(TALL if line.tall else FLAT for line in lines) * 0.75
