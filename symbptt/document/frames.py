"""Slides out of parts: what stands under a heading, in portions that fit on a slide."""

from collections.abc import Iterable, Iterator, Sequence
from functools import singledispatch

from symbptt.document.blocks import Beside, Block, Box, Columns, Frame, Heading, Lines, Paragraph, Steps
from symbptt.document.breaking import portions
from symbptt.document.heights import HEAD, Pair, height, typed
from symbptt.narrative.inline import plain
from symbptt.typeset import text

HEIGHT = 18.0
"""The height of a slide in lines of text."""


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
    """The blocks with those that would fill the columns of a page one by one, and pairs of boxes that are too high."""
    for block in blocks:
        inner = [one for column in block.columns for one in column] if isinstance(block, Columns) else []
        boxes = bool(inner) and all(isinstance(one, Box) for one in inner)
        if isinstance(block, Columns) and (block.balanced or (boxes and (len(inner) == 1 or height(block) > HEIGHT))):
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
    """As few slides as can be, and those about equally full."""
    fewest = len(_packed(blocks, HEIGHT))
    rooms = (HEIGHT * part / 10 for part in range(5, 10))
    room = next((room for room in rooms if len(_packed(blocks, room)) == fewest), HEIGHT)
    yield from (Frame(title, _joined(slide)) for slide in _packed(blocks, room))


def _packed(blocks: list[Block], room: float) -> list[list[Block]]:
    """The blocks in order on slides of a height; words stay with what follows them."""
    made: list[list[Block]] = []
    for i, block in enumerate(blocks):
        following = blocks[i + 1 : i + 2] if isinstance(block, Paragraph) else []
        if not made or _taken([*made[-1], block, *following]) > room:
            made.append([])
        made[-1].append(block)
    return made


def _taken(blocks: Sequence[Block]) -> float:
    return sum(map(height, _joined(blocks)))


def _joined(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The blocks of a slide, with pairs of equations and code under one head."""
    made: list[Block] = []
    for block in blocks:
        before = made[-1] if made else None
        if isinstance(block, Beside) and isinstance(before, Beside) and block.head == before.head:
            made[-1] = Beside(block.head, (*before.rows, *block.rows))
        else:
            made.append(block)
    return tuple(made)


@singledispatch
def _portions(block: Block) -> list[Block]:
    """A block in pieces that may stand on different slides."""
    return [block]


@_portions.register
def _each_step(block: Steps) -> list[Block]:
    return [Steps((part,)) for step in block.steps for part in portions(step, HEIGHT - 4)]


@_portions.register
def _each_line(block: Lines) -> list[Block]:
    return [Lines((line,)) for line in block.lines]


@_portions.register
def _each_pair(block: Beside) -> list[Block]:
    """Pair by pair; code that is higher than a slide goes on beside nothing."""
    return [Beside(block.head, (part,)) for steps, code in block.rows for part in _cut((steps, code))]


def _cut(pair: Pair) -> Iterator[Pair]:
    steps, code = pair
    piece: list[str] = []
    for line in code.splitlines():
        if piece and typed([*piece, line]) > HEIGHT - HEAD - 1.5:
            yield steps, "\n".join(piece)
            steps, piece = (), []
        piece.append(line)
    yield steps, "\n".join(piece)
