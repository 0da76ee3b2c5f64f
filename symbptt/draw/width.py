"""How wide a formula is, roughly, in em of the text: enough to decide where a line breaks."""

from functools import singledispatch
from unicodedata import east_asian_width

from symbptt.typeset import tree as t
from symbptt.typeset.signs import SPACED

SCRIPT = 0.72
_NARROW = frozenset("iljtf1,.()|:'")


def _letters(text: str, wide: float) -> float:
    return sum(0.34 if c in _NARROW else 1.45 * wide if c in "WMmw" else wide for c in text)


@singledispatch
def width(tree: t.Tree) -> float:
    """The width of a tree; a node without a rule counts as one letter."""
    return 0.6


@width.register
def _identifier(tree: t.Identifier) -> float:
    return _letters(tree.text, 0.5 if tree.style is t.Style.FUNCTION else 0.62)


@width.register
def _number(tree: t.Number) -> float:
    return 0.5 * len(tree.text)


@width.register
def _text(tree: t.Text) -> float:
    return sum(1.0 if east_asian_width(c) in "WF" else 0.5 for c in tree.text)


@width.register
def _blank(tree: t.Blank) -> float:
    return 3.2


@width.register
def _operator(tree: t.Operator) -> float:
    if tree.text in ("\u2061", "\u2062", ",", ":", "\u2009"):
        return 0.2
    return 0.78 if tree.prefix or tree.text not in SPACED else 1.3


@width.register
def _row(tree: t.Row) -> float:
    return sum(map(width, tree.items))


@width.register
def _script(tree: t.Script) -> float:
    return width(tree.base) + SCRIPT * max((width(s) for s in (tree.sub, tree.sup) if s), default=0.0)


@width.register
def _accent(tree: t.Accent) -> float:
    return width(tree.base)


@width.register
def _fraction(tree: t.Fraction) -> float:
    return 0.24 + max(width(tree.numerator), width(tree.denominator))


@width.register
def _root(tree: t.Root) -> float:
    return 0.9 + width(tree.body)


@width.register
def _fenced(tree: t.Fenced) -> float:
    return width(tree.body) + (1.3 if tree.body.tall else 0.8)


@width.register
def _big(tree: t.BigOperator) -> float:
    return max([1.1, *(SCRIPT * width(limit) for limit in (tree.below, tree.above) if limit)]) + 0.17


@width.register
def _matrix(tree: t.Matrix) -> float:
    columns = [max(map(width, column)) for column in zip(*tree.rows, strict=True)]
    return sum(columns) + 1.0 * (len(columns) - 1) + 1.2


@width.register
def _brace(tree: t.Brace) -> float:
    return max(width(tree.body), SCRIPT * width(tree.label))


@width.register
def _equality(tree: t.Equality) -> float:
    return width(tree.left) + sum(1.3 + width(side) for side in tree.sides)


@width.register
def _aligned(tree: t.Aligned) -> float:
    left = max(width(line.left) for line in tree.lines)
    return left + max(1.3 + width(side) for line in tree.lines for side in line.sides)
