"""How much of a slide a block takes, estimated before it is set."""

from functools import singledispatch
from unicodedata import east_asian_width

from symbptt.document.blocks import (
    Beside,
    Block,
    Box,
    Bullets,
    Code,
    Columns,
    Exercise,
    Figure,
    Lines,
    Paragraph,
    Steps,
    Table,
    Terms,
)
from symbptt.document.breaking import LIMIT, broken
from symbptt.document.fields import HALF
from symbptt.document.narrow import ROOM
from symbptt.draw.width import width
from symbptt.narrative.inline import plain
from symbptt.narrative.values import Prose, Step
from symbptt.typeset import text
from symbptt.typeset.tree import Aligned, BigOperator, Fenced, Fraction, Matrix, Tree, children

Pair = tuple[tuple[Step, ...], str]
"""Equations and the code that computes them."""
WHOLE = 12.0
"""The height of what has a slide of its own, in lines of text."""
FLAT, FRACTION, LIMITS, AROUND = 1.4, 2.3, 2.9, 0.9
"""The height of a line of a formula, with a fraction, and with the limits of a sum; what fences around these add."""
SMALLER = 0.89
"""What formulas beside code are of others."""
HEAD = 1.5
"""The height of what stands over two columns."""
NOTED = 1.9
"""The height of a rule with its shapes beside a formula."""
LETTERS = 105
"""Characters in a line."""
WIDEST = 27.0
"""The width in em of a formula that has its rule beside it."""
TYPED, SIGNS = 0.75, 52
"""The height of a line of code, and the characters in one of half a slide's width."""
BETWEEN = 0.25
"""What a line between pairs takes."""
NOTE = 60
"""Characters in a line of a rule under an equation beside code."""


@singledispatch
def height(block: Block, share: float = 1.0) -> float:
    """How high a block is, in lines, where it has a share of the width of a slide."""
    return WHOLE


def _lines(prose: Prose, share: float) -> int:
    return 1 + int(_letters(plain(prose, text)) / (LETTERS * share))


def _letters(words: str) -> int:
    """How many letters wide words are: a Chinese one takes the room of two."""
    return sum(1 + (east_asian_width(letter) in "WF") for letter in words)


@height.register
def _words(block: Paragraph, share: float = 1.0) -> float:
    return 0.2 + _lines(block.text, share)


@height.register
def _list(block: Bullets, share: float = 1.0) -> float:
    return sum(0.3 + _lines(item, share) for item in block.items)


@height.register
def _formulas(block: Steps, share: float = 1.0) -> float:
    return sum(_step(step, share) for step in block.steps)


def _step(step: Step, share: float) -> float:
    """A formula, its claim above, and its rule beside it, or below it in a column."""
    narrow = share < 1
    formula = _tree(broken(step.equation, ROOM if narrow else LIMIT))
    noted = bool(step.rule or step.shapes)
    below = noted and (narrow or width(step.equation) > WIDEST)
    whole = formula + (0.9 if narrow else 1.2) if below else max(formula, NOTED if step.shapes else 0.0)
    return whole + 0.4 + (0.4 + _lines(step.claim, share) if step.claim else 0.0)


@height.register
def _calculation(block: Lines, share: float = 1.0) -> float:
    return sum(_tree(broken(tree)) + 0.3 for tree, _ in block.lines)


@height.register
def _pairs(block: Beside, share: float = 1.0) -> float:
    return HEAD + sum(map(pair, block.rows))


def pair(of: Pair) -> float:
    """The height of a pair, without what stands over the columns."""
    steps, code = of
    formulas = sum(_tree(broken(step.equation, HALF), SMALLER) + 0.3 + _under(step) for step in steps)
    return max(formulas, typed(code.splitlines()) + 0.4) + BETWEEN


def _under(step: Step) -> float:
    said = _letters(plain(step.rule, text)) + len(step.shapes)
    return 0.9 * (1 + said // NOTE) if said else 0.0


def typed(lines: list[str]) -> float:
    """The height of lines of code."""
    return TYPED * sum(1 + max(len(line) - 1, 0) // SIGNS for line in lines)


@height.register
def _box(block: Box, share: float = 1.0) -> float:
    return 1.7 + sum(height(one, share) for one in block.blocks)


@height.register
def _columns(block: Columns, share: float = 1.0) -> float:
    each = share / max(len(block.columns), 1)
    return max((sum(height(one, each) for one in column) for column in block.columns), default=0.0)


@height.register
def _rows(block: Table, share: float = 1.0) -> float:
    return 1.7 + 1.1 * len(block.rows)


@height.register
def _sizes(block: Terms, share: float = 1.0) -> float:
    return 2.8 + 1.15 * len(block.rows)


@height.register(Figure)
@height.register(Code)
@height.register(Exercise)
def _alone(block: Block, share: float = 1.0) -> float:
    return WHOLE


def _tree(tree: Tree, scale: float = 1.0) -> float:
    lines = tree.lines if isinstance(tree, Aligned) else (tree,)
    return sum(map(_line, lines)) * scale


def _line(tree: Tree) -> float:
    """A line of a formula: as high as the highest part of it, a matrix as its rows together."""
    if isinstance(tree, Matrix):
        return sum(max(map(_line, row)) for row in tree.rows)
    if isinstance(tree, Fenced):
        inner = _line(tree.body)
        return inner + AROUND if inner == LIMITS else inner
    own = LIMITS if isinstance(tree, BigOperator) and tree.above else FRACTION if isinstance(tree, Fraction) else FLAT
    return max(own, *map(_line, children(tree)), 0.0)
