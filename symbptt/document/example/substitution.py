"""Formulas with numbers in them: the formula, the same with every symbol replaced by its number, the value."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from math import floor, log10

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.head_nodes import CutHeads, JoinHeads, SumHeads
from symbptt.algebra.nodes import TIME, Slice, Timed, leaves
from symbptt.document.example.mixed import Number as Scalar
from symbptt.document.example.numbers import Example
from symbptt.model.head_marks import heads_of
from symbptt.model.values import Model
from symbptt.narrative.presentation import Presentation
from symbptt.typeset.pieces import ONES, SPACE, TIMES
from symbptt.typeset.symbols import head_index
from symbptt.typeset.tree import Equality, Fenced, Matrix, Number, Operator, Row, Script, Tree, children, rebuilt
from symbptt.typeset.tree import Fraction as Ratio
from symbptt.verify.exact.entries import Matrix as Entries

PLACES, DIGITS, FINEST = 4, 3, 7
"""Decimals are rounded to this many places, small ones in a calculation to this many digits, down to the finest place."""
LARGEST = 4096
"""The largest denominator that is shown as a fraction."""
MINUS = Operator("−", prefix=True)
DOT = Operator("·")
BESIDE = (TIMES, SPACE)
_USUAL: dict[Tree, Tree] = {
    Operator("⊙"): DOT, Operator("∘"): DOT, Operator("∗"): DOT, Operator("⊘"): Operator("/"), ONES: Number("1"),
}


def decimal(value: Scalar, finest: int = PLACES) -> str:
    """A number with a fixed number of places, up to `finest` where it has few digits; an exact one that needs fewer has no zeros
    at its end, and zero is 0."""
    size = abs(float(value))
    first = -floor(log10(size)) if size > 0 else 0
    text = f"{size:.{min(max(PLACES, first + DIGITS - 1), finest)}f}"
    short = isinstance(value, Fraction) and Fraction(text) == abs(value)
    return text.rstrip("0").rstrip(".") if short or not float(text) else text


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
    return _decimal(value)


def laid(entries: Entries, presentation: Presentation) -> Entries:
    """Entries as the layout shows them: samples as rows transpose everything."""
    return [list(column) for column in zip(*entries, strict=True)] if presentation.notation.layout == "row" else entries


def matrix(given: Entries, presentation: Presentation) -> Tree:
    """A matrix of decimals in the layout, or the number if there is one."""
    entries = laid(given, presentation)
    if len(entries) == 1 and len(entries[0]) == 1:
        return number(entries[0][0])
    return Matrix(tuple(tuple(_decimal(entry) for entry in row) for row in entries))


def _decimal(value: Scalar) -> Tree:
    """A decimal of a calculation with its sign in front, so fine that the next line can be checked."""
    text = decimal(value, FINEST)
    return Row((MINUS, Number(text))) if value < 0 and text != "0" else Number(text)


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
    if isinstance(tree, Fenced) and isinstance(inner := substituted(tree.body, table), Fenced) and inner.left == "(":
        return Fenced(inner.body, tree.left)  # one pair of fences is enough, and the outer one has the meaning of a norm
    return rebuilt(tree, lambda inner: substituted(inner, table))


def _is_number(tree: Tree, table: Mapping[Tree, Tree]) -> bool:
    return tree in table or (isinstance(tree, Script) and Script(tree.base, tree.sub) in table)


def _row(items: list[Tree], numbers: list[bool]) -> Row:
    """Numbers side by side need a dot between them."""
    made: list[Tree] = []
    for i, item in enumerate(items):
        between = item in BESIDE and 0 < i < len(items) - 1
        given = item == TIMES and (numbers[i - 1] or numbers[i + 1])
        made.append(DOT if between and (given or _numeral(items[i + 1])) else item)
    return Row(tuple(made))


def _numeral(tree: Tree) -> bool:
    """Whether a factor starts with digits, which the one before would run into: the 1 of 0.1 · 1, the ½ of 1 · ½."""
    if isinstance(tree, Row):
        return bool(tree.items) and _numeral(tree.items[0])
    return _numeral(tree.base) if isinstance(tree, Script) else isinstance(tree, (Number, Ratio))


def _plain(tree: Tree) -> Tree:
    """Entrywise signs between numbers as the usual ones: a dot, a one, a power; a number is its own transpose."""
    if tree in _USUAL:
        return _USUAL[tree]
    if isinstance(tree, Script) and tree.base == ONES:
        return Number("1")
    if isinstance(tree, Row) and len(tree.items) == 2 and tree.items[0] == Operator("⊙", prefix=True):
        return tree.items[1]
    if isinstance(tree, Row):
        items = [_plain(item) for item in tree.items]
        return _row(items, [False] * len(items))
    return rebuilt(tree, _plain)


def _has_matrix(tree: Tree) -> bool:
    return isinstance(tree, Matrix) or any(map(_has_matrix, children(tree)))


def table(example: Example, expression: MatrixExpr, presentation: Presentation) -> dict[Tree, Tree]:
    """The tree of every symbol and part of one in a formula, and of its transpose, with its numbers; of sizes with the size.

    What is of all heads, in a formula of one head, is a number as a whole.
    """
    found: dict[Tree, Tree] = {}
    whole = {node for node in expression.atoms(JoinHeads, SumHeads) if not isinstance(node, CutHeads)}
    for leaf in (*_leaves(expression, example.model), *expression.atoms(Slice), *whole):
        entries = shown(example, leaf)
        turned = [list(column) for column in zip(*entries, strict=True)]
        found[presentation.tree(leaf, example.model)] = matrix(entries, presentation)
        found[presentation.tree(tidy.transpose(leaf), example.model)] = matrix(turned, presentation)
    for name, size in example.sizes.items():
        found.setdefault(presentation.tree(sp.Symbol(name), example.model), Number(str(size)))
    return found


def shown(example: Example, expression: MatrixExpr) -> Entries:
    """The entries of a formula; of one that each head has, those of the first head."""
    entries, model = example.value(expression), example.model
    heads = heads_of(expression, {v.name: v for v in model.variables}) if model.heads is not None else None
    return entries if heads is None else entries[: len(entries) // example.entries.size(heads)]


def _of_first_head(tree: Tree, model: Model) -> Tree:
    """The tree with the first head for any, but in what is of all heads."""
    any_head, inner = Fenced(head_index(model)), rebuilt(tree, lambda part: _of_first_head(part, model))
    if not isinstance(tree, Script) or not isinstance(inner, Script):
        return inner
    if isinstance(tree.base, Fenced) and tree.sub == any_head.body:
        return tree
    return replace(inner, sup=Fenced(Number("1"))) if tree.sup == any_head else inner


def _leaves(expression: MatrixExpr, model: Model) -> Iterator[sp.MatrixSymbol]:
    """The symbols of a formula, and those of the formulas that some of them stand for."""
    known = {v.name: v.definition for v in model.variables}
    for leaf in leaves(expression):
        yield leaf
        if (inner := known.get(leaf.name)) is not None:
            yield from _leaves(inner.xreplace({TIME: leaf.step}) if isinstance(leaf, Timed) else inner, model)


def line(example: Example, left: MatrixExpr | Tree, value: MatrixExpr, presentation: Presentation) -> Equality:
    """left = formula = formula with numbers = value; what would repeat itself is left out."""
    formula = presentation.tree(value, example.model)
    known = table(example, value, presentation)
    numbers = known[formula] if formula in known else substituted(formula, known)
    entries = shown(example, value)
    result = matrix(entries, presentation)
    if not (_has_matrix(numbers) or _has_matrix(result)):
        numbers = _plain(numbers)
    sides = [formula, numbers, *_exact(entries, result)]
    kept = [side for i, side in enumerate(sides) if i == 0 or side != sides[i - 1]]
    head = left if isinstance(left, Tree) else presentation.tree(left, example.model)
    if example.model.heads is not None and not value.has(SumHeads):
        head, *kept = (_of_first_head(side, example.model) for side in (head, *kept))
    return Equality(head, tuple(kept))


def _exact(entries: Entries, shown: Tree) -> list[Tree]:
    """The value; a fraction that is no short decimal is shown as both."""
    if len(entries) == 1 and len(entries[0]) == 1:
        value = entries[0][0]
        if isinstance(value, Fraction) and 1 < value.denominator <= LARGEST:
            text = Number(decimal(value))
            return [shown, Row((MINUS, text)) if value < 0 else text]
    return [shown]
