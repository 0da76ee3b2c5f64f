"""Line breaks in long formulas: first before a relation, then before + or −, then between factors."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from symbptt.draw.width import width
from symbptt.narrative.values import Step
from symbptt.typeset.tree import Aligned, Equality, Operator, Row, Tree

LIMIT = 43.0
"""The width of a line in em, somewhat less than a page has."""
HIGHEST, TALL, FLAT = 36.0, 3.6, 1.7
"""The height of a portion of lines, and of a line with and without fractions or matrices, in em."""
_NOTHING = Row(())
_BLANK = "\u2061"
_SUMS = frozenset("+−")
_PRODUCTS = frozenset("\u2062\u2009")


def _at(signs: frozenset[str], tree: Row) -> list[tuple[str, Tree]]:
    """A row cut at these signs: (sign in front, piece)."""
    made: list[tuple[str, list[Tree]]] = [("", [])]
    for item in tree.items:
        if isinstance(item, Operator) and item.text in signs and not item.prefix:
            made.append((item.text, []))
        else:
            made[-1][1].append(item)
    return [(sign, Row(tuple(items))) for sign, items in made]


def _pieces(tree: Tree) -> list[tuple[str, Tree]]:
    """A right side cut at the signs of its outermost operation: (sign in front, piece)."""
    if not isinstance(tree, Row):
        return [("", tree)]
    return next((made for signs in (_SUMS, _PRODUCTS) if len(made := _at(signs, tree)) > 1), [("", tree)])


def unbroken(tree: Tree) -> float:
    """The width in em of the longest part of a formula that a line of text cannot break, which it does at relations, + and −."""
    sides = (tree.left, *tree.sides) if isinstance(tree, Equality) else (tree,)
    return max(width(part) for side in sides for _, part in (_at(_SUMS, side) if isinstance(side, Row) else [("", side)]))


def _filled(pieces: list[tuple[str, Tree]], room: float) -> list[tuple[str, Tree]]:
    """The pieces put together again into lines, each as full as fits: (sign in front, line)."""
    lines: list[tuple[str, list[Tree]]] = []
    taken = 0.0
    for sign, piece in pieces:
        if lines and (longer := taken + width(Row((Operator(sign), piece)))) <= room:
            lines[-1][1].extend((Operator(sign), piece))
            taken = longer
        else:
            lines.append((sign, [piece]))
            taken = width(piece)
    return [(sign, Row(tuple(items))) for sign, items in lines]


def _without_note(side: Tree) -> tuple[Tree, tuple[Tree, ...]]:
    """A right side and the note behind it, as (t = T), which three spaces set apart."""
    if isinstance(side, Row) and side.items[-4:-1] == (Operator("\u2009"),) * 3:
        return Row(side.items[:-4]), side.items[-4:]
    return side, ()


def _lines(side: Tree, room: float) -> list[tuple[str, Tree]]:
    """A right side as lines; a note stays behind the last one."""
    if width(side) <= room:
        return [("", side)]
    own, note = _without_note(side)
    *others, (sign, last) = _cut(own, room)
    return [*others, (sign, Row((last, *note)) if note else last)]


def _cut(side: Tree, room: float) -> list[tuple[str, Tree]]:
    """A right side as lines; a piece of a sum that is still too long is cut between its factors."""
    made: list[tuple[str, Tree]] = []
    for sign, line in _filled(_pieces(side), room):
        inner = line.items[0] if isinstance(line, Row) and len(line.items) == 1 else line
        again = _pieces(inner) if width(line) > room else []
        if len(again) < 2:
            made.append((sign, line))
            continue
        first, *others = _filled(again, room)
        made += [(sign, first[1]), *others]
    return [(sign if sign not in _PRODUCTS else "·", line) for sign, line in made]


def _broken(line: Equality, room: float) -> list[Equality]:
    made: list[Equality] = []
    left: Tree = line.left
    for side in line.sides:
        for number, (sign, part) in enumerate(_lines(side, room)):
            made.append(Equality(left, (part,), line.relation if number == 0 else sign or _BLANK))
            left = _NOTHING
    return made


def _height(lines: Sequence[Equality]) -> float:
    return sum(TALL if line.tall else FLAT for line in lines)


def _equations(lines: tuple[Equality, ...], most: float) -> Iterator[list[Equality]]:
    """The lines of an equation together, unless it is higher than a portion."""
    starts = [i for i, line in enumerate(lines) if i == 0 or line.left != _NOTHING]
    for first, last in pairwise([*starts, len(lines)]):
        whole = list(lines[first:last])
        yield from [whole] if _height(whole) <= most else [[line] for line in whole]


def chunks(tree: Tree, most: float = HIGHEST) -> list[Tree]:
    """Aligned lines in portions that fit on a page, cut between equations where it can be; anything else as it is."""
    if not isinstance(tree, Aligned):
        return [tree]
    made: list[list[Equality]] = [[]]
    for lines in _equations(tree.lines, most):
        if made[-1] and _height([*made[-1], *lines]) > most:
            made.append([])
        made[-1] += lines
    return [Aligned(tuple(lines)) for lines in made]


def portions(step: Step, most: float = HIGHEST) -> list[Step]:
    """A step in portions that fit on a page: its claim before the first, its rule, shapes and number at the last."""
    *others, last = chunks(broken(step.equation), most)
    made = [*map(Step, others), replace(step, equation=last, claim=())]
    return [replace(made[0], claim=step.claim), *made[1:]]


def broken(tree: Tree, limit: float = LIMIT) -> Tree:
    """The formula with line breaks, so that no line is wider than `limit` em where a break can prevent it."""
    if isinstance(tree, Row) and width(tree) > limit:
        first, *others = _lines(tree, limit)
        lines = [Equality(_NOTHING, (first[1],), _BLANK), *(Equality(_NOTHING, (p,), s or _BLANK) for s, p in others)]
        return Aligned(tuple(lines))
    if isinstance(tree, Equality):
        if width(tree) <= limit:
            return tree
        tree = Aligned((tree,))
    if not isinstance(tree, Aligned) or width(tree) <= limit:
        return tree
    room = limit - max(width(line.left) for line in tree.lines) - 1.3
    return Aligned(tuple(part for line in tree.lines for part in _broken(line, room)))
