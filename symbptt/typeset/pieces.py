"""Parts of a formula with what decides their parentheses: how tightly they bind, and their sign.

The minus sign is kept apart from the tree, so a sum writes `a − b` and a product pulls it to the front.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import pairwise

from symbptt.typeset.tree import (
    Accent,
    BigOperator,
    Brace,
    Fenced,
    Fraction,
    Identifier,
    Matrix,
    Operator,
    Root,
    Row,
    Script,
    Style,
    Tree,
)

MINUS = Operator("−", prefix=True)
APPLY = Operator("\u2061")
TIMES = Operator("\u2062")
SPACE = Operator("\u2009")
ONES = Identifier("1", Style.BOLD)


class Level(IntEnum):
    """How tightly the outermost operation binds. HADAMARD and PRODUCT never stand side by side without parentheses."""

    SUM = 0
    BIG = 1
    SCALED = 2
    HADAMARD = 3
    PRODUCT = 4
    FRACTION = 5
    POWER = 6
    ATOM = 7


@dataclass(frozen=True)
class Piece:
    """A tree, its level, and whether a minus stands in front (never of a SUM)."""

    tree: Tree
    level: Level = Level.ATOM
    negative: bool = False


def signed(piece: Piece) -> Tree:
    """The tree with its minus."""
    return Row((MINUS, piece.tree)) if piece.negative else piece.tree


def fenced(piece: Piece, least: Level = Level.ATOM) -> Tree:
    """The tree, in parentheses if it binds less tightly than `least`."""
    return piece.tree if piece.level >= least and not piece.negative else Fenced(signed(piece))


def negate(piece: Piece) -> Piece:
    """−piece."""
    if piece.level is Level.SUM:
        return Piece(Fenced(piece.tree), negative=True)
    return replace(piece, negative=not piece.negative)


def total(pieces: Sequence[Piece]) -> Piece:
    """A sum, in order."""
    first, *others = pieces
    items = [signed(first)]
    for piece in others:
        items += [Operator("−" if piece.negative else "+"), fenced(replace(piece, negative=False), Level.BIG)]
    return Piece(Row(tuple(items)), Level.SUM) if others else first


def _wide(tree: Tree) -> bool:
    if isinstance(tree, Row):
        return bool(tree.items) and isinstance(tree.items[0], BigOperator)
    return isinstance(tree, (Fraction, Matrix, Brace, Root))


def _is_word(tree: Tree) -> bool:
    """Whether a name of several letters stands there, which would run into the next."""
    while isinstance(tree, (Script, Accent)):
        tree = tree.base
    return isinstance(tree, Identifier) and len(tree.text) > 1 and tree.style is not Style.FUNCTION


def beside(trees: Sequence[Tree]) -> Tree:
    """Factors next to each other."""
    items = [trees[0]]
    for left, right in pairwise(trees):
        apart = any(_wide(side) or _is_word(side) for side in (left, right))
        items += [SPACE if apart else TIMES, right]
    return Row(tuple(items)) if len(items) > 1 else items[0]


def _factor(piece: Piece, last: bool) -> Tree:
    return piece.tree if last and piece.level is Level.BIG and not piece.negative else fenced(piece, Level.PRODUCT)


def product(pieces: Sequence[Piece], number: Piece | None = None) -> Piece:
    """number times a product, in order; a number of magnitude one is passed as a bare sign by `scaled`."""
    if not pieces:
        return number or Piece(ONES)
    if len(pieces) == 1:
        return _multiple(pieces[0], number)
    last = pieces[-1].level is Level.BIG and not pieces[-1].negative
    *others, end = pieces
    tree = beside([*(_factor(p, False) for p in others), _factor(end, True)])
    return _multiple(Piece(tree, Level.BIG if last else Level.PRODUCT), number)


def _multiple(piece: Piece, number: Piece | None) -> Piece:
    if number is None:
        return piece
    negative = number.negative != piece.negative
    inner = replace(piece, negative=False)
    body = inner.tree if inner.level in (Level.BIG, Level.HADAMARD) else fenced(inner, Level.PRODUCT)
    head = fenced(replace(number, negative=False), Level.PRODUCT)
    level = Level.BIG if inner.level is Level.BIG else Level.SCALED
    return Piece(beside([head, body]), level, negative)


def hadamard(pieces: Sequence[Piece], divisors: Sequence[Piece], mark: str) -> Piece:
    """An elementwise product, in order, divided elementwise by the divisors."""
    if len(pieces) == 1 and not divisors:
        return pieces[0]
    trees: list[Tree] = []
    for piece in pieces or (Piece(ONES),):
        least = Level.HADAMARD if piece.level is Level.HADAMARD else Level.FRACTION
        trees += [Operator(mark), fenced(piece, least)]
    for piece in divisors:
        trees += [Operator("⊘"), fenced(piece, Level.FRACTION)]
    return Piece(Row(tuple(trees[1:])), Level.HADAMARD)


def raised(piece: Piece, sup: Tree, merge: bool = False) -> Piece:
    """A power; `merge` sets it beside a superscript that is there already, as a transpose beside a time index."""
    base = piece.tree
    script = isinstance(base, Script) and (merge or base.sup is None)
    if piece.level is not Level.ATOM or piece.negative or (isinstance(base, Script) and not script):
        base = Fenced(signed(piece))
    if isinstance(base, Script):
        return Piece(Script(base.base, base.sub, Row((base.sup, sup)) if base.sup else sup), Level.POWER)
    return Piece(Script(base, None, sup), Level.POWER)


def indexed(piece: Piece, sub: Tree) -> Piece:
    """A subscript; a piece that already has scripts goes in parentheses, so nothing gets two subscripts."""
    plain = piece.level is Level.ATOM and not piece.negative and isinstance(piece.tree, (Identifier, Fenced))
    return Piece(Script(piece.tree if plain else Fenced(signed(piece)), sub))


def applied(name: Tree, argument: Tree) -> Piece:
    """name(argument)."""
    return Piece(Row((name, APPLY, Fenced(argument))))


def commas(trees: Sequence[Tree]) -> Tree:
    """A list, as in a subscript."""
    items: list[Tree] = []
    for tree in trees:
        items += [Operator(","), tree]
    return items[1] if len(trees) == 1 else Row(tuple(items[1:]))
