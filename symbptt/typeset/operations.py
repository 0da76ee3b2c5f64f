"""Rules of the matrix operations: sums, products, transposes, constants and block structure."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import nodes, tidy
from symbptt.typeset import as_text
from symbptt.typeset.calculus import reversed_chain
from symbptt.typeset.dispatch import Setting, between_transposes, of_rows, piece, rule
from symbptt.typeset.pieces import ONES, Level, Piece, fenced, hadamard, indexed, negate, product, raised, signed, total
from symbptt.typeset.scalars import ratio, scaled
from symbptt.typeset.symbols import shown
from symbptt.typeset.tree import Fenced, Fraction, Identifier, Matrix, Number, Operator, Row, Script, Style

HALF = Piece(Fraction(Number("1"), Number("2")), Level.FRACTION)
SCALAR = (1, 1)
WIDE = 40
"""Columns side by side take a line; longer ones, in characters of text, lie on top of each other and are transposed."""


def transposed(inner: Piece, setting: Setting) -> Piece:
    """innerᵀ."""
    mark = setting.notation.transpose
    return raised(inner, Identifier(mark, Style.UPRIGHT) if mark == "T" else Operator(mark), merge=True)


def _constant(text: str, node: MatrixExpr) -> Piece:
    return Piece(Number(text) if node.shape == SCALAR else Identifier(text, Style.BOLD))


@rule.register(sp.MatMul)
def _product(node: sp.MatMul, setting: Setting) -> Piece:
    number, factors = tidy.split_number(node)
    kept = [f for f in factors if f != tidy.ONE]
    if len(kept) == 1 and isinstance(norm := shown(kept[0], setting), nodes.HalfSquaredNorm):
        return scaled(number / 2, [_squared_norm(norm, setting)], setting)
    pieces = [piece(f, setting) for f in kept]
    signed_once = len(kept) > 1 and all(f.shape == SCALAR for f in kept)
    return scaled(number, [_signed_once(pieces)] if signed_once else pieces, setting)


@rule.register(sp.MatAdd)
def _sum(node: sp.MatAdd, setting: Setting) -> Piece:
    return total([piece(term, setting) for term in node.args])


def _divisor(factor: MatrixExpr) -> MatrixExpr | None:
    """What an elementwise factor divides by: x for 1/x and for x to the power -1; None for other factors."""
    if type(factor) is not nodes.Elementwise or factor.name not in ("reciprocal", "power"):
        return None
    power = factor.numbers[0] if factor.numbers else sp.S.NegativeOne
    if not power.is_negative:
        return None
    return factor.operand if power == -1 else nodes.Elementwise("power", -power, factor.operand)


def _uniform(node: MatrixExpr, setting: Setting) -> MatrixExpr | None:
    """The scalar that fills every entry of a matrix, as 1 − α; None where entries may differ."""
    node = shown(node, setting)
    if isinstance(node, nodes.Broadcast):
        return node.args[0] if node.args[0].shape == SCALAR else None
    if isinstance(node, OneMatrix):
        return tidy.ONE
    if not isinstance(node, (sp.MatAdd, sp.MatMul)):
        return None
    scalars = [_uniform(a, setting) if isinstance(a, MatrixExpr) else a for a in node.args]
    if any(s is None for s in scalars) or (isinstance(node, sp.MatMul) and len(tidy.split_number(node)[1]) != 1):
        return None
    return node.func(*scalars)


def _scalar(node: MatrixExpr, setting: Setting) -> Piece:
    """A scalar that multiplies a matrix: unlike the factors of a matrix product, its own factors must not regroup."""
    return Piece(fenced(piece(node, setting), Level.FRACTION))


def _powers(factors: list[MatrixExpr], setting: Setting) -> list[Piece]:
    """The factors, with neighbours that are equal written as one power."""
    pieces: list[Piece] = []
    for factor, group in groupby(factors):
        count = len(list(group))
        repeated = factor if count == 1 else nodes.Elementwise("power", count, factor)
        pieces.append(piece(repeated, setting))
    return pieces


def _of_scalars(factors: Sequence[MatrixExpr], setting: Setting) -> Piece:
    """A product of scalars: their signs make one in front, and what divides goes below one line."""
    divisors = [_divisor(shown(f, setting)) for f in factors]
    above = [piece(f, setting) for f, below in zip(factors, divisors, strict=True) if below is None]
    below = [piece(d, setting) for d in divisors if d is not None]
    top = _signed_once(above) if above else Piece(Number("1"))
    return ratio(top, product(below)) if below else top


def _signed_once(factors: Sequence[Piece]) -> Piece:
    """A product whose factors' signs make one in front."""
    if len(factors) == 1:
        return factors[0]
    body = product([replace(factor, negative=False) for factor in factors])
    return negate(body) if sum(factor.negative for factor in factors) % 2 else body


@rule.register(sp.HadamardProduct)
def _hadamard(node: sp.HadamardProduct, setting: Setting) -> Piece:
    """Scalars that fill a matrix come first as plain factors; a factor 1/x is written as a division."""
    if node.shape == SCALAR:
        return _of_scalars(node.args, setting)
    if (scaling := _scaling(node, setting)) is not None:
        return piece(scaling, setting)
    filled = [(f, _uniform(f, setting)) for f in node.args]
    scalars = [_scalar(scalar, setting) for _, scalar in filled if scalar is not None]
    others = [shown(f, setting) for f, scalar in filled if scalar is None]
    above = _powers([f for f in others if _divisor(f) is None], setting)
    below = _powers([d for f in others if (d := _divisor(f)) is not None], setting)
    if not others:
        return product([*scalars, _filled_with_ones(node.shape, setting)])
    body = hadamard(above, below, setting.notation.hadamard)
    return product([*scalars, body]) if scalars else body


@rule.register(sp.Transpose)
def _transpose(node: sp.Transpose, setting: Setting) -> Piece:
    inner = shown(node.arg, setting)
    if isinstance(inner, sp.Transpose):  # a symbol that shows its definition
        return piece(inner.arg, setting)
    if isinstance(inner, nodes.ProductOver):
        return reversed_chain(inner, setting)
    if isinstance(inner, nodes.Slice) and _of_transpose(inner):
        return _columns(inner.args[0].arg, inner, setting)
    beside = between_transposes(inner, setting)
    long = isinstance(inner, nodes.Concat) and beside is not None and len(as_text.write(signed(beside))) > WIDE
    return transposed(piece(inner, setting), setting) if beside is None or long else beside


@rule.register(sp.Identity)
def _identity(node: sp.Identity, setting: Setting) -> Piece:
    return _constant("I" if node.shape != SCALAR else "1", node)


def _filled_with_ones(shape: tuple[sp.Expr, sp.Expr], setting: Setting) -> Piece:
    """1 is a vector as the layout has vectors, or a matrix; the vector that lies the other way is its transpose."""
    height, width = shape if setting.notation.layout == "column" else shape[::-1]
    return transposed(Piece(ONES), setting) if height == 1 and width != 1 else Piece(ONES)


@rule.register(OneMatrix)
def _ones(node: OneMatrix, setting: Setting) -> Piece:
    return _constant("1", node) if node.shape == SCALAR else _filled_with_ones(node.shape, setting)


@rule.register(nodes.LowerOnes)
def _lower_ones(node: nodes.LowerOnes, setting: Setting) -> Piece:
    """Ones at and below a diagonal: a bold one with i >= j, or i > j, below it."""
    least = -int(node.args[1])
    sign, number = (">", least - 1) if least > 0 else ("≥", least)
    right = [Identifier("j")] + [Operator("+" if number > 0 else "−"), Number(str(abs(number)))] * (number != 0)
    return Piece(Script(ONES, Row((Identifier("i"), Operator(sign), *right))))


@rule.register(nodes.Shift)
def _shift(node: nodes.Shift, setting: Setting) -> Piece:
    """Ones below the diagonal: a bold one with i = j + 1 below it."""
    return Piece(Script(ONES, Row((Identifier("i"), Operator("="), Identifier("j"), Operator("+"), Number("1")))))


@rule.register(nodes.InverseUnitLower)
def _inverse_unit_lower(node: nodes.InverseUnitLower, setting: Setting) -> Piece:
    below = sp.HadamardProduct(nodes.LowerOnes(node.shape[1], -1), node.operand)
    inner = signed(piece(sp.MatAdd(sp.Identity(node.shape[1]), below), setting))
    return Piece(Script(Fenced(inner), None, Row((Operator("−"), Number("1")))), Level.POWER)


@rule.register(sp.ZeroMatrix)
def _zeros(node: sp.ZeroMatrix, setting: Setting) -> Piece:
    return _constant("0", node)


def _scaling(node: sp.HadamardProduct, setting: Setting) -> MatrixExpr | None:
    """diag(d) X, X diag(d) or diag(d) for a product with a factor that repeats a column or row d; None without one."""
    for factor in (shown(f, setting) for f in node.args):
        if isinstance(factor, nodes.Broadcast) and factor.args[0].shape != SCALAR:
            rest = tidy.hadamard(*(f for f in node.args if shown(f, setting) != factor))
            if isinstance(rest, OneMatrix):
                return None
            x = factor.args[0]
            if isinstance(rest, sp.Identity):
                return nodes.Diag(x if x.shape[1] == 1 else tidy.transpose(x))
            return sp.MatMul(nodes.Diag(x), rest) if x.shape[1] == 1 else sp.MatMul(rest, nodes.Diag(tidy.transpose(x)))
    return None


@rule.register(nodes.Broadcast)
def _spread(node: nodes.Broadcast, setting: Setting) -> Piece:
    x = node.args[0]
    if x.shape != SCALAR:
        ones = _filled_with_ones((1, node.shape[1]) if x.shape[1] == 1 else (node.shape[0], 1), setting)
        return product([piece(x, setting), ones] if x.shape[1] == 1 else [ones, piece(x, setting)])
    return product([_scalar(node.args[0], setting), _filled_with_ones(node.shape, setting)])


@rule.register(nodes.SumAll)
def _sum_all(node: nodes.SumAll, setting: Setting) -> Piece:
    """The entries of a column are summed by 1ᵀx, those of a row by x1ᵀ, those of a matrix by 1ᵀX1 (1X1ᵀ where 1 is a row).

    Ones add up to their number.
    """
    inner = node.args[0]
    height, width = inner.shape
    if isinstance(inner, OneMatrix):
        return piece(height * width, setting)
    left, right = (_filled_with_ones(shape, setting) for shape in ((1, height), (width, 1)))
    return product([*([left] if height != 1 else []), piece(inner, setting), *([right] if width != 1 else [])])


def _squared_norm(node: nodes.HalfSquaredNorm, setting: Setting) -> Piece:
    norm = Fenced(signed(piece(node.args[0], setting)), "‖")
    frobenius = Identifier("F") if 1 not in node.args[0].shape else None
    return Piece(Script(norm, frobenius, Number("2")), Level.POWER)


@rule.register(nodes.HalfSquaredNorm)
def _half_squared_norm(node: nodes.HalfSquaredNorm, setting: Setting) -> Piece:
    return product([_squared_norm(node, setting)], HALF)


@rule.register(nodes.Concat)
def _concat(node: nodes.Concat, setting: Setting) -> Piece:
    return Piece(Matrix(tuple((signed(piece(part, setting)),) for part in node.args)))


@of_rows.register(nodes.Concat)
def _side_by_side(node: nodes.Concat, setting: Setting) -> Piece:
    return Piece(Matrix((tuple(signed(piece(part.arg, setting)) for part in node.args),)))


def _part(whole: MatrixExpr, node: nodes.Slice, setting: Setting) -> Piece:
    first, last = (signed(piece(limit, setting)) for limit in node.args[1:])
    return indexed(piece(whole, setting), Row((first, Operator(":"), last)))


def _columns(whole: MatrixExpr, node: nodes.Slice, setting: Setting) -> Piece:
    """The columns of a matrix that a slice of its transpose has: A with the index :,0:2, or :,0 for one."""
    first, last = (signed(piece(limit, setting)) for limit in node.args[1:])
    chosen = (first,) if node.shape[0] == 1 else (first, Operator(":"), last)
    return indexed(piece(whole, setting), Row((Operator(":"), Operator(","), *chosen)))


def _of_transpose(node: nodes.Slice) -> bool:
    """Whether the rows are those of a transposed matrix: columns, lying."""
    return isinstance(node.args[0], sp.Transpose) and 1 not in node.args[0].shape


@rule.register(nodes.Slice)
def _slice(node: nodes.Slice, setting: Setting) -> Piece:
    if _of_transpose(node):
        return transposed(_columns(node.args[0].arg, node, setting), setting)
    return _part(node.args[0], node, setting)


@of_rows.register(nodes.Slice)
def _slice_of_row(node: nodes.Slice, setting: Setting) -> Piece:
    return _part(node.args[0].arg, node, setting)
