"""Scalar SymPy expressions: coefficients, dimensions, indices, and slopes such as 1 − y² at every entry."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction as Ratio

import sympy as sp

from symbptt.errors import MissingRule
from symbptt.typeset.dispatch import Setting, piece, rule
from symbptt.typeset.pieces import ONES, Level, Piece, applied, commas, fenced, hadamard, negate, product, raised, signed, total
from symbptt.typeset.tree import BigOperator, Fenced, Fraction, Identifier, Number, Operator, Root, Row, Script, Style, Tree

_SMALL = 9  # 1/8 is a fraction, 1/100 is 0.01
_TINY = 1e-3  # below this a decimal is written with a power of ten


def _power_of_ten(value: Ratio) -> Piece:
    digits, exponent = f"{Decimal(repr(float(value))).normalize():e}".split("e")
    ten = Piece(Script(Number("10"), None, signed_number(int(exponent))), Level.POWER)
    if digits == "1":
        return ten
    return Piece(Row((Number(digits), Operator("·"), ten.tree)), Level.PRODUCT)


def _terminates(denominator: int) -> bool:
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    return denominator == 1


def number(value: sp.Number) -> Piece:
    """An exact or a floating number."""
    ratio = Ratio(repr(float(value))) if isinstance(value, sp.Float) else Ratio(int(value.p), int(value.q))
    if ratio < 0:
        return negate(number(-value))
    if ratio.denominator == 1:
        return Piece(Number(str(ratio.numerator)))
    if ratio.denominator <= _SMALL or not _terminates(ratio.denominator):
        return Piece(Fraction(Number(str(ratio.numerator)), Number(str(ratio.denominator))), Level.FRACTION)
    return _power_of_ten(ratio) if ratio < _TINY else Piece(Number(format(float(ratio), ".15g")))


def signed_number(value: float, form: str = "") -> Tree:
    """A number as Python formats it, with its sign in front."""
    digits = Number(f"{abs(value):{form}}")
    return Row((Operator("−", prefix=True), digits)) if value < 0 else digits


def exponent(value: sp.Expr, setting: Setting) -> Tree:
    """An exponent on one line."""
    if isinstance(value, sp.Rational) and value.q != 1:
        return Row((signed_number(int(value.p)), Operator("/"), Number(str(value.q))))
    return signed(piece(value, setting))


@dataclass(frozen=True)
class Entrywise:
    """How arithmetic on the entries of an operand is written; `plain` for a scalar operand."""

    operand: Piece
    plain: bool
    setting: Setting

    def one(self) -> Piece:
        return Piece(Number("1") if self.plain else ONES)

    def times(self, factors: Sequence[Piece], divisors: Sequence[Piece]) -> Piece:
        if not self.plain:
            return hadamard(factors, divisors, self.setting.notation.hadamard)
        above = product(factors) if factors else self.one()
        return ratio(above, product(divisors)) if divisors else above

    def power(self, base: Piece, value: sp.Expr) -> Piece:
        top = exponent(value, self.setting)
        return raised(base, top if self.plain else Row((Operator(self.setting.notation.hadamard, prefix=True), top)))

    def write(self, value: sp.Expr, operand: sp.Symbol) -> Piece:
        """The expression with the operand in place of its symbol."""
        if value == operand:
            return self.operand
        if not value.has(operand):
            return scaled(value, [self.one()], self.setting)
        for kind, write in _ENTRYWISE.items():
            if isinstance(value, kind):
                return write(self, value, operand)
        raise MissingRule("entrywise way of writing", value, "symbptt/typeset/scalars.py")


def _add(how: Entrywise, value: sp.Expr, operand: sp.Symbol) -> Piece:
    return total(_ordered([how.write(term, operand) for term in _terms(value)]))


def _mul(how: Entrywise, value: sp.Expr, operand: sp.Symbol) -> Piece:
    coefficient, body = value.as_independent(operand)
    factors: list[Piece] = []
    divisors: list[Piece] = []
    for factor in sp.Mul.make_args(body):
        base, top = factor.as_base_exp()
        below = isinstance(top, sp.Number) and top < 0
        (divisors if below else factors).append(how.write(base**-top if below else factor, operand))
    return scaled(coefficient, [how.times(sorted(factors, key=lambda p: p.level is Level.SUM), divisors)], how.setting)


def _pow(how: Entrywise, value: sp.Expr, operand: sp.Symbol) -> Piece:
    base, top = value.args
    if top == sp.Rational(1, 2):
        return Piece(Root(signed(how.write(base, operand))), Level.POWER)
    if isinstance(top, sp.Number) and top < 0:
        return how.times([], [how.write(base**-top, operand)])
    return how.power(how.write(base, operand), top)


def _abs(how: Entrywise, value: sp.Expr, operand: sp.Symbol) -> Piece:
    return Piece(Fenced(signed(how.write(value.args[0], operand)), "|"))


def _function(how: Entrywise, value: sp.Expr, operand: sp.Symbol) -> Piece:
    return applied(Identifier(value.func.__name__, Style.FUNCTION), signed(how.write(value.args[0], operand)))


_ENTRYWISE: dict[type, Callable[[Entrywise, sp.Expr, sp.Symbol], Piece]] = {
    sp.Add: _add, sp.Mul: _mul, sp.Pow: _pow, sp.Abs: _abs, sp.Function: _function,
}


def scaled(value: sp.Expr, pieces: Sequence[Piece], setting: Setting) -> Piece:
    """A coefficient times a product; 1 is left out and -1 is a sign."""
    if value in (1, -1):
        inner = product(pieces) if pieces else Piece(Number("1"))
        return inner if value == 1 else negate(inner)
    return product(pieces, piece(value, setting)) if pieces else piece(value, setting)


def ratio(above: Piece, below: Piece) -> Piece:
    """above / below, the sign in front."""
    return Piece(Fraction(above.tree, below.tree), Level.FRACTION, above.negative != below.negative)


def _terms(value: sp.Expr) -> list[sp.Expr]:
    """The terms of a sum: symbols in alphabetical order, numbers last."""
    return sorted(sp.Add.make_args(value), key=lambda term: (term.is_number, sp.default_sort_key(term)))


def _ordered(pieces: list[Piece]) -> list[Piece]:
    """Positive terms before negative ones, so that a sum starts without a minus: T − t + 1, 1 − y."""
    numbers = [p for p in pieces if isinstance(p.tree, Number)]
    others = [p for p in pieces if p not in numbers]
    ranked = sorted(others, key=lambda p: p.negative) + numbers
    return ranked if any(not p.negative for p in others) else sorted(pieces, key=lambda p: p.negative)


@rule.register(sp.Number)
def _number(value: sp.Number, setting: Setting) -> Piece:
    return number(value)


@rule.register(sp.Add)
def _sum(value: sp.Expr, setting: Setting) -> Piece:
    return total(_ordered([piece(term, setting) for term in _terms(value)]))


@rule.register(sp.Mul)
def _product(value: sp.Expr, setting: Setting) -> Piece:
    top, bottom = sp.fraction(value)
    if bottom != 1:
        above = piece(top, setting)
        return ratio(above, piece(bottom, setting))
    coefficient, rest = value.as_coeff_Mul()
    return scaled(coefficient, [piece(f, setting) for f in sorted(sp.Mul.make_args(rest), key=sp.default_sort_key)], setting)


@rule.register(sp.Pow)
def _power(value: sp.Expr, setting: Setting) -> Piece:
    base, top = value.args
    if top == sp.Rational(1, 2):
        return Piece(Root(signed(piece(base, setting))), Level.POWER)
    if top.could_extract_minus_sign():
        return ratio(Piece(Number("1")), piece(base**-top, setting))
    return raised(piece(base, setting), exponent(top, setting))


@rule.register(sp.Max)
@rule.register(sp.Min)
def _extreme(value: sp.Expr, setting: Setting) -> Piece:
    trees: list[Tree] = []
    for argument in sorted(value.args, key=sp.default_sort_key):
        trees += [Operator(","), signed(piece(argument, setting))]
    return applied(Identifier(value.func.__name__.lower(), Style.FUNCTION), Row(tuple(trees[1:])))


@rule.register(sp.Indexed)
def _entry(value: sp.Indexed, setting: Setting) -> Piece:
    base, *indices = value.args
    return Piece(Script(Identifier(str(base)), commas([signed(piece(i, setting)) for i in indices])))


@rule.register(sp.Sum)
def _sum_of_entries(value: sp.Sum, setting: Setting) -> Piece:
    """The range of the index is that of all entries, and left out."""
    body, (index, _, _) = value.args
    sign = BigOperator("∑", signed(piece(index, setting)))
    return Piece(Row((sign, fenced(piece(body, setting), Level.BIG))), Level.BIG)


@rule.register(sp.exp)
@rule.register(sp.log)
def _of_entry(value: sp.Function, setting: Setting) -> Piece:
    return applied(Identifier(value.func.__name__, Style.FUNCTION), signed(piece(value.args[0], setting)))


@rule.register(type(sp.pi))
def _pi(value: sp.Expr, setting: Setting) -> Piece:
    return Piece(Identifier("π"))
