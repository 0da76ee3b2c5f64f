"""Rules of the elementwise functions, their slopes, and the named functions of a column."""

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import nodes, tidy
from symbptt.algebra.functions import FUNCTIONS, Y, Z, slope
from symbptt.errors import MissingRule
from symbptt.typeset.alphabets import LETTERS
from symbptt.typeset.dispatch import Setting, between_transposes, of_rows, piece, rule
from symbptt.typeset.operations import SCALAR, transposed
from symbptt.typeset.pieces import ONES, TIMES, Level, Piece, applied, commas, hadamard, negate, product, signed, total
from symbptt.typeset.scalars import Entrywise
from symbptt.typeset.symbols import shown
from symbptt.typeset.tree import Fenced, Identifier, Operator, Row, Script, Style, Text, Tree


def function(name: str, numbers: tuple[sp.Expr, ...], setting: Setting, prime: bool = False) -> Tree:
    """The name of a function, its numeric arguments as a subscript."""
    text = dict(setting.notation.functions).get(name, name)
    base = Identifier(LETTERS.get(text, text), Style.FUNCTION)
    sub = commas([signed(piece(n, setting)) for n in numbers]) if numbers else None
    sup = Operator("′") if prime else None
    return Script(base, sub, sup) if sub or sup else base


def _argument(node: MatrixExpr, setting: Setting) -> Tree:
    return signed(piece(node, setting))


def _entrywise(node: nodes.Elementwise, setting: Setting) -> Entrywise:
    return Entrywise(piece(node.operand, setting), node.shape == SCALAR, setting)


def _filled(value: sp.Expr, node: nodes.Elementwise) -> sp.Expr:
    """A formula of the table with the numeric arguments of a node."""
    return value.subs(dict(zip(FUNCTIONS[node.name].symbols(), node.numbers, strict=True)))


@rule.register(nodes.Elementwise)
def _elementwise(node: nodes.Elementwise, setting: Setting) -> Piece:
    written = FUNCTIONS[node.name].written
    if written is not None:
        return _entrywise(node, setting).write(_filled(written, node), Z)
    return applied(function(node.name, node.numbers, setting), _argument(node.operand, setting))


@rule.register(nodes.Slope)
def _slope(node: nodes.Slope, setting: Setting) -> Piece:
    if FUNCTIONS[node.name].primed:
        return applied(function(node.name, node.numbers, setting, prime=True), _argument(node.operand, setting))
    return _entrywise(node, setting).write(_filled(slope(node.name), node), Z)


@rule.register(nodes.SlopeByResult)
def _slope_by_result(node: nodes.SlopeByResult, setting: Setting) -> Piece:
    row = FUNCTIONS[node.name]
    if row.by_result is None:
        raise MissingRule(f"slope of {node.name} by its result", node, "symbptt/algebra/functions.py")
    return _entrywise(node, setting).write(row.by_result, Y)


def _row(node: MatrixExpr, setting: Setting) -> MatrixExpr:
    """x of xᵀ, as a function of rows shows its argument; anything else as it is, a column of a matrix too."""
    inner = shown(node.arg, setting) if isinstance(node, sp.Transpose) else node
    return node if isinstance(inner, nodes.Slice) and isinstance(inner.args[0], sp.Transpose) else inner


def _named(text: str, operand: MatrixExpr, setting: Setting) -> Piece:
    return applied(Identifier(text, Style.FUNCTION), _argument(operand, setting))


@of_rows.register(nodes.Softmax)
def _softmax_of_row(node: nodes.Softmax, setting: Setting) -> Piece:
    return _named("softmax", _row(node.operand, setting), setting)


@rule.register(nodes.Softmax)
def _softmax(node: nodes.Softmax, setting: Setting) -> Piece:
    """softmax(xᵀ) is softmax(x)ᵀ."""
    row = between_transposes(node, setting)
    return _named("softmax", node.operand, setting) if row is None else transposed(row, setting)


def _bracket(left: MatrixExpr, sign: str, right: MatrixExpr, setting: Setting) -> Piece:
    """Iverson's bracket: 1 where the comparison holds, else 0."""
    sides = [signed(piece(side, setting)) for side in (left, right)]
    return Piece(Fenced(Row((sides[0], Operator(sign), sides[1])), "["))


@rule.register(nodes.Choice)
def _choice(node: nodes.Choice, setting: Setting) -> Piece:
    """max(a, b), min(a, b), or the two values, each times the bracket that picks it."""
    a, b, u, v = node.args
    if (u, v) in ((a, b), (b, a)):
        name = Identifier("max" if (u, v) == (a, b) else "min", Style.FUNCTION)
        return applied(name, commas([signed(piece(part, setting)) for part in (u, v)]))
    # A constant stands on the right.
    signs = ((a, ">", b), (a, "≤", b)) if nodes.leaves(a) else ((b, "<", a), (b, "≥", a))
    picked = [(_bracket(*sides, setting), value) for sides, value in zip(signs, (u, v), strict=True)]
    times = product if node.shape == SCALAR else lambda pieces: hadamard(pieces, [], setting.notation.hadamard)
    kept = [
        bracket if isinstance(value, OneMatrix) else times([bracket, piece(value, setting)])
        for bracket, value in picked if not tidy.is_zero(value)
    ]
    return total(kept) if kept else piece(u, setting)


@rule.register(nodes.Diag)
def _diag(node: nodes.Diag, setting: Setting) -> Piece:
    return _named("diag", _row(node.args[0], setting), setting)


@rule.register(nodes.BatchMean)
def _batch_mean(node: nodes.BatchMean, setting: Setting) -> Piece:
    name = Script(Identifier("mean", Style.FUNCTION), Text("batch"))
    return applied(name, _argument(node.args[0], setting))


@rule.register(nodes.LogSumExp)
def _log_sum_exp(node: nodes.LogSumExp, setting: Setting) -> Piece:
    """log(1ᵀ exp(x)), of a row log(exp(x) 1ᵀ)."""
    inner, ones = _named("exp", _row(node.args[0], setting), setting), transposed(Piece(ONES), setting)
    flipped = isinstance(node.args[0], sp.Transpose)
    return applied(Identifier("log", Style.FUNCTION), product([inner, ones] if flipped else [ones, inner]).tree)


@rule.register(nodes.CrossEntropy)
def _cross_entropy(node: nodes.CrossEntropy, setting: Setting) -> Piece:
    """The textbook's −yᵀ log softmax(o), of rows −(log softmax(o)) yᵀ."""
    scores, target = node.args
    logarithm = Row((Identifier("log", Style.FUNCTION), TIMES, _named("softmax", _row(scores, setting), setting).tree))
    other = transposed(piece(_row(target, setting), setting), setting)
    if isinstance(scores, sp.Transpose):
        return negate(product([Piece(Fenced(logarithm)), other]))
    return negate(product([other, Piece(logarithm, Level.PRODUCT)]))


def _less(node: nodes.CrossEntropySlope, setting: Setting) -> Piece:
    """The textbook's softmax(o) − y."""
    scores, target = node.args
    return total([_named("softmax", _row(scores, setting), setting), negate(piece(_row(target, setting), setting))])


@of_rows.register(nodes.CrossEntropySlope)
def _slope_of_row(node: nodes.CrossEntropySlope, setting: Setting) -> Piece:
    return _less(node, setting)


@rule.register(nodes.CrossEntropySlope)
def _cross_entropy_slope(node: nodes.CrossEntropySlope, setting: Setting) -> Piece:
    row = between_transposes(node, setting)
    return _less(node, setting) if row is None else transposed(row, setting)
