"""Rules of derivatives and of sums and products over an index; heads such as dL/dW."""

from dataclasses import replace

from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.nodes import Partial, ProductOver, SumOver, Timed, is_leaf
from symbptt.typeset.dispatch import Setting, piece, rule
from symbptt.typeset.pieces import Level, Piece, fenced, signed
from symbptt.typeset.symbols import GRADIENTS
from symbptt.typeset.tree import BigOperator, Fraction, Identifier, Operator, Row, Script, Style, Tree


def _sign(mark: str) -> Tree:
    return Identifier("d", Style.UPRIGHT) if mark == "d" else Operator(mark, prefix=True)


def quotient(numerator: Piece, denominator: Piece, kind: str, setting: Setting) -> Piece:
    """A derivative as a fraction; the immediate and the total one never share a sign."""
    sign = setting.notation.derivative(kind)
    above = Script(_sign(sign.above), None, Operator(sign.sup)) if sign.sup else _sign(sign.above)
    below = Row((_sign(sign.below), fenced(denominator))) if sign.below else fenced(denominator)
    return Piece(Fraction(Row((above, fenced(numerator))), below, derivative=True), Level.FRACTION)


def _of_loss(node: Partial) -> bool:
    """Whether the node is the gradient of the whole loss, by anything."""
    value = node.args[0]
    return node.kind == "total" and is_leaf(value) and not isinstance(value, Timed) and value.shape == (1, 1)


@rule.register(Partial)
def _partial(node: Partial, setting: Setting) -> Piece:
    above, below = node.args[:2]
    whole = GRADIENTS.get(setting.notation.gradient)
    if whole is not None and _of_loss(node):
        return whole(piece(below, setting), setting)
    copied = setting.notation.derivative(node.kind).copies and isinstance(above, Timed)
    if copied and is_leaf(below) and not isinstance(below, Timed):
        below = Timed(below.name, below.shape[0], below.shape[1], above.step)
    return quotient(piece(above, setting), piece(below, setting), node.kind, setting)


def _big(symbol: str, node: SumOver, body: MatrixExpr, arrow: str, setting: Setting, outside: bool = False) -> Piece:
    _, index, first, last = node.args
    below = Row((piece(index, setting).tree, Operator("="), signed(piece(first, setting))))
    sign = BigOperator(symbol, below, signed(piece(last, setting)), arrow if setting.notation.arrows else "")
    inner = piece(body, setting)
    negative = outside and inner.negative
    return Piece(Row((sign, fenced(replace(inner, negative=inner.negative != negative), Level.BIG))), Level.BIG, negative)


@rule.register(SumOver)
def _series(node: SumOver, setting: Setting) -> Piece:
    """A sign before every term stands before the sum."""
    return _big("∑", node, node.args[0], "", setting, outside=True)


@rule.register(ProductOver)
def _chain(node: ProductOver, setting: Setting) -> Piece:
    """The first index stands left: an arrow to the right."""
    return _big("∏", node, node.args[0], "right", setting)


def reversed_chain(node: ProductOver, setting: Setting) -> Piece:
    """(∏ Bⱼ)ᵀ is written as the product of the Bⱼᵀ with the last index left: an arrow to the left."""
    return _big("∏", node, tidy.transpose(node.args[0]), "left", setting)
