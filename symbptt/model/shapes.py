"""Shapes: the strings of the model file ("H D", "H+D", "1", "") and the SymPy dimensions they stand for.

A vector is a column (n, 1); "1" and "" are both 1x1, which broadcasts. Two dimensions agree if they are equal as sums.
"""

import re
from dataclasses import dataclass

import sympy as sp

from symbptt.algebra.nodes import dimension
from symbptt.model import habits, names
from symbptt.model.place import Place

MAX_DIMENSION = 1_000_000
"""The largest integer dimension."""
MAX_TERMS = 16
"""The most summands of a dimension."""


@dataclass(frozen=True)
class Shape:
    """`text` as in the file, a string per axis; `rows` and `columns` as a matrix."""

    text: tuple[str, ...]
    rows: sp.Expr
    columns: sp.Expr
    heads: sp.Expr | None = None

    @property
    def parts(self) -> tuple[tuple[str, ...], sp.Expr, sp.Expr]:
        """As a variable takes them."""
        return self.text, self.rows, self.columns


def _term(text: str, place: Place) -> sp.Expr:
    if text.isascii() and text.isdigit():
        size = int(text) if len(text) < 10 else 0
        if not 1 <= size <= MAX_DIMENSION:
            raise place.error(f"a dimension lies between 1 and {MAX_DIMENSION}, not {text[:20]}")
        return sp.Integer(size)
    if not text:
        raise place.error("a dimension is a name, an integer or a sum of them such as H+D or 2*H")
    if not text.isidentifier():
        raise place.error(f"{text[:20]!r} cannot name a dimension{habits.shape(text) or '; ' + names.PLAIN}")
    return dimension(names.check_dimension(text, place))


def _written_out(term: str) -> str:
    """H+H for 2*H and H*2; other summands as they are."""
    parts = term.split("*")
    if len(parts) != 2 or sum(part.isdigit() for part in parts) != 1:
        return term
    count, name = sorted(parts, key=lambda part: not part.isdigit())
    return "+".join([name] * min(int(count[:4]), MAX_TERMS + 1)) or term


def _axis(text: str, heads: str, place: Place) -> sp.Expr:
    terms = text.split("+")
    if len(terms) > MAX_TERMS:
        raise place.error(f"a dimension has at most {MAX_TERMS} summands")
    return sp.expand(sp.Add(*(_factors(term.split("*"), heads, place) for term in terms)))


def _factors(words: list[str], heads: str, place: Place) -> sp.Expr:
    """A summand of a dimension; vectors of heads, joined, have products such as M*K."""
    if not heads and len(words) > 1:
        raise place.error(f"{'*'.join(words)[:20]!r}: a product takes a dimension some number of times, as 2*H")
    if len(words) > 1 and (heads not in words or words.count(heads) > 1):
        raise place.error("a product of dimensions counts the entries of all heads, as M*K where heads = \"M\"")
    return sp.Mul(*(_term(word, place) for word in words))


def axes_of(text: str) -> tuple[str, ...]:
    """The axes of a shape as sums: ("H+H", "H+D") for "2*H H + D"."""
    words = re.sub(r"\s*([+*])\s*", r"\1", text.strip()).split()
    return tuple("+".join(map(_written_out, word.split("+"))) for word in words)


def parse(text: str, place: Place, heads: str = "") -> Shape:
    """Read a shape; raises BadInput on anything but up to two dimensions, behind that of the heads if it begins with it."""
    axes = axes_of(text)
    if heads and axes[:1] == (heads,):
        own, count = parse(" ".join(axes[1:]), place), dimension(heads)
        return Shape(axes, sp.expand(count * own.rows), own.columns, count)
    if len(axes) > 2:
        of_heads = f"{heads}, which counts heads, stands in front or in a product as {heads}*K"
        hint = habits.shape(text) or ("; " + of_heads if heads else "; heads = \"M\" at the top lets M stand in front")
        raise place.error(f"a shape has at most two dimensions, as in 'H D', not {len(axes)}{hint}")
    sizes = [_axis(axis, heads, place) for axis in axes] + [sp.S.One] * (2 - len(axes))
    return Shape(axes, sizes[0], sizes[1])


def axis_text(size: sp.Expr) -> str:
    """A dimension as the file would write it: 2*H + 3 is 'H+H+3'."""
    words: list[str] = []
    for term in sorted(sp.Add.make_args(size), key=lambda term: bool(term.is_number)):
        count, rest = term.as_coeff_Mul()
        words += [str(count)] if rest == 1 else [str(rest).replace(" ", "")] * int(count)
    return "+".join(words)


def is_sum(size: sp.Expr) -> bool:
    """Whether a size can be written as a dimension: a sum with positive integer coefficients."""
    return all(term.as_coeff_Mul()[0].is_positive for term in sp.Add.make_args(size))


def at_least(size: sp.Expr, bound: int) -> bool:
    """Whether a size is no smaller than `bound` whatever the dimensions in it are, each being one or more."""
    growing = all(term.as_coeff_Mul()[0] > 0 for term in sp.Add.make_args(size) if term.free_symbols)
    return growing and bool(size.xreplace(dict.fromkeys(size.free_symbols, sp.S.One)) >= bound)


def is_scalar(value: sp.Expr) -> bool:
    """Whether an expression is 1x1."""
    return bool(value.shape == (1, 1))


def is_vector(value: sp.Expr) -> bool:
    """Whether an expression is a column (a scalar is one, too)."""
    return bool(value.shape[1] == 1)


def shown(value: sp.Expr) -> str:
    """The shape of an expression in a message: (H) for a column, (H, D) for a matrix, (1) for a scalar."""
    rows, columns = (axis_text(size) for size in value.shape)
    return f"({rows})" if columns == "1" else f"({rows}, {columns})"
