"""Formulas with numbers in them: the formula, the same with every symbol replaced by its number, the value."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import build
from symbptt.algebra.nodes import leaves
from symbptt.document.example.mixed import Number as Scalar
from symbptt.document.example.numbers import Example
from symbptt.narrative.voice import Voice
from symbptt.typeset.pieces import ONES
from symbptt.typeset.tree import Equality, Fenced, Matrix, Number, Operator, Row, Script, Tree, rebuilt
from symbptt.typeset.tree import Fraction as Ratio
from symbptt.verify.exact.entries import Matrix as Entries

PLACES = 4
"""Decimals are rounded to this many places."""
LARGEST = 4096
"""The largest denominator that is shown as a fraction."""
MINUS = Operator("−", prefix=True)
TIMES, DOT = Operator("\u2062"), Operator("·")
_USUAL: dict[Tree, Tree] = {Operator("⊙"): DOT, Operator("∘"): DOT, Operator("∗"): DOT, ONES: Number("1")}


def decimal(value: Scalar) -> str:
    """A number with a fixed number of places, zeros at its end left out."""
    text = f"{abs(float(value)):.{PLACES}f}".rstrip("0").rstrip(".")
    return text or "0"


def signed(value: Scalar) -> str:
    """A decimal with its sign."""
    text = decimal(value)
    return "−" + text if value < 0 and text != "0" else text


def number(value: Scalar) -> Tree:
    """A fraction if it is one and short, else a decimal; its sign in front."""
    if isinstance(value, Fraction) and value.denominator <= LARGEST:
        top, bottom = Number(str(abs(value.numerator))), Number(str(value.denominator))
        body: Tree = top if value.denominator == 1 else Ratio(top, bottom)
        return Row((MINUS, body)) if value < 0 else body
    text = decimal(value)
    return Row((MINUS, Number(text))) if value < 0 and text != "0" else Number(text)


def laid(entries: Entries, voice: Voice) -> Entries:
    """Entries as the layout shows them: samples as rows transpose everything."""
    return [list(column) for column in zip(*entries, strict=True)] if voice.notation.layout == "row" else entries


def matrix(given: Entries, voice: Voice) -> Tree:
    """A matrix of numbers in the layout, or the number if there is one."""
    entries = laid(given, voice)
    if len(entries) == 1 and len(entries[0]) == 1:
        return number(entries[0][0])
    return Matrix(tuple(tuple(number(entry) for entry in row) for row in entries))


def _factor(tree: Tree) -> Tree:
    """A number inside a formula: in parentheses if it has a sign."""
    return Fenced(tree) if isinstance(tree, Row) else tree


def substituted(tree: Tree, table: Mapping[Tree, Tree]) -> Tree:
    """The tree with the keys of the table replaced; a power of a key keeps its exponent."""
    if tree in table:
        return _factor(table[tree])
    if isinstance(tree, Script) and tree.sup is not None and (base := Script(tree.base, tree.sub)) in table:
        value = table[base]
        return Script(value if isinstance(value, Number) else Fenced(value), None, tree.sup)
    if isinstance(tree, Row):
        return _row([substituted(item, table) for item in tree.items], [_is_number(item, table) for item in tree.items])
    if isinstance(tree, Fenced) and isinstance(inner := substituted(tree.body, table), Fenced):
        return inner
    return rebuilt(tree, lambda inner: substituted(inner, table))


def _is_number(tree: Tree, table: Mapping[Tree, Tree]) -> bool:
    return tree in table or (isinstance(tree, Script) and Script(tree.base, tree.sub) in table)


def _row(items: list[Tree], numbers: list[bool]) -> Row:
    """Numbers side by side need a dot between them."""
    made: list[Tree] = []
    for i, item in enumerate(items):
        between = item == TIMES and 0 < i < len(items) - 1
        made.append(DOT if between and (numbers[i - 1] or numbers[i + 1]) else item)
    return Row(tuple(made))


def _plain(tree: Tree) -> Tree:
    """Entrywise signs between numbers as the usual ones: a dot, a one, a power."""
    if tree in _USUAL:
        return _USUAL[tree]
    if isinstance(tree, Row) and len(tree.items) == 2 and tree.items[0] == Operator("⊙", prefix=True):
        return tree.items[1]
    return tree if isinstance(tree, Matrix) else rebuilt(tree, _plain)


def table(example: Example, expression: MatrixExpr, voice: Voice) -> dict[Tree, Tree]:
    """The tree of every symbol of a formula, and of its transpose, with its numbers."""
    found: dict[Tree, Tree] = {}
    for leaf in leaves(expression):
        entries = example.value(leaf)
        turned = [list(column) for column in zip(*entries, strict=True)]
        found[voice.tree(leaf, example.model)] = matrix(entries, voice)
        found[voice.tree(build.transpose(leaf), example.model)] = matrix(turned, voice)
    return found


def line(example: Example, left: MatrixExpr | Tree, value: MatrixExpr, voice: Voice) -> Equality:
    """left = formula = formula with numbers = value; what would repeat itself is left out."""
    formula = voice.tree(value, example.model)
    known = table(example, value, voice)
    numbers = known[formula] if formula in known else substituted(formula, known)
    if not any(isinstance(tree, Matrix) for tree in known.values()):
        numbers = _plain(numbers)
    sides = [formula, numbers, *_exact(example.value(value), matrix(example.value(value), voice))]
    kept = [side for i, side in enumerate(sides) if i == 0 or side != sides[i - 1]]
    head = left if isinstance(left, Tree) else voice.tree(left, example.model)
    return Equality(head, tuple(kept))


def _exact(entries: Entries, shown: Tree) -> list[Tree]:
    """The value; a fraction that is no short decimal is shown as both."""
    if len(entries) == 1 and len(entries[0]) == 1:
        value = entries[0][0]
        if isinstance(value, Fraction) and 1 < value.denominator <= LARGEST:
            text = Number(decimal(value))
            return [shown, Row((MINUS, text)) if value < 0 else text]
    return [shown]


def step_of(symbol: sp.MatrixSymbol) -> int | None:
    """The step of a symbol, if it has one."""
    step = getattr(symbol, "step", None)
    return None if step is None else int(step)
