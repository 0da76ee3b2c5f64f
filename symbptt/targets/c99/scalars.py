"""Scalar expressions as C: SymPy's printer, strict, with numbers in the precision of the file and the functions of `runtime`."""

from typing import Any

import sympy as sp
from sympy.printing.c import C99CodePrinter

from symbptt.algebra.functions import Held, Sigmoid, Softplus
from symbptt.errors import MissingRule

CALLS: dict[Any, str] = {
    sp.tanh: "real_tanh", sp.exp: "real_exp", sp.log: "real_log", sp.sin: "real_sin", sp.cos: "real_cos", sp.Abs: "real_fabs",
    Sigmoid: "real_sigmoid", Softplus: "real_softplus",
}
"""What runtime/math.c calls a function; another one is a row here and a line there."""
_HIGHEST = 8
"""Powers up to this one are products."""


class Scalars(C99CodePrinter):
    """Prints what the table has, and refuses everything else."""

    def _print_Integer(self, value: sp.Integer) -> str:
        return f"(real){int(value)}" if value >= 0 else f"(-(real){-int(value)})"

    _print_int = _print_Integer

    def _print_Rational(self, value: sp.Rational) -> str:
        return f"(real)({value.p}.0 / {value.q})"

    def _print_Float(self, value: sp.Float) -> str:
        return f"(real){float(value)!r}"

    def _print_Symbol(self, symbol: sp.Symbol) -> str:
        return f"(real){symbol.name}" if symbol.is_integer else str(symbol.name)

    def _print_Pow(self, power: sp.Pow) -> str:
        base, exponent = power.as_base_exp()
        if exponent.is_negative:
            return f"((real)1 / {self.parenthesize(sp.Pow(base, -exponent), 100)})"
        if exponent == sp.Rational(1, 2):
            return f"real_sqrt({self._print(base)})"
        if exponent == 1:
            return self.parenthesize(base, 100)
        if exponent.is_Integer and exponent <= _HIGHEST and base.is_Symbol:
            return "(" + " * ".join([self._print(base)] * int(exponent)) + ")"
        return f"real_pow({self._print(base)}, {self._print(exponent)})"

    def _print_Function(self, call: sp.Function) -> str:
        if isinstance(call, Held):
            return f"({self._print(call.args[0])})"
        if call.func not in CALLS:
            raise MissingRule("C text", call, "symbptt/targets/c99/scalars.py")
        return f"{CALLS[call.func]}({self._print(call.args[0])})"

    _print_tanh = _print_exp = _print_ExpBase = _print_log = _print_sin = _print_cos = _print_Abs = _print_Function
    _print_math = _print_Max = _print_Min = _print_Sqrt = _print_sqrt = _print_expm1 = _print_log1p = _print_Function

    def _print_Relational(self, relation: Any) -> str:
        left, right = self.parenthesize(relation.lhs, 50), self.parenthesize(relation.rhs, 50)
        return f"{left} {relation.rel_op} {right}"

    def _print_NumberSymbol(self, value: sp.NumberSymbol) -> str:
        return f"(real){float(value)!r}"

    _print_Pi = _print_Exp1 = _print_NumberSymbol

    def emptyPrinter(self, expression: Any) -> str:
        """Refuses what nothing prints."""
        raise MissingRule("C text", expression, "symbptt/targets/c99/scalars.py")

    _print_not_supported = emptyPrinter


_PRINTER = Scalars()


def text(expression: sp.Expr) -> str:
    """An expression in `real` arithmetic; integer symbols are sizes, others variables."""
    printed: str = _PRINTER.doprint(expression)
    return printed


def size(expression: sp.Expr) -> str:
    """A size, or a distance, in size_t arithmetic: a sum of products of names and numbers."""
    terms = sp.Add.make_args(sp.expand(expression))
    pieces = sorted((term.as_coeff_Mul() for term in terms), key=lambda piece: (bool(piece[0] < 0), bool(piece[1] == 1)))
    made = ""
    for number, rest in pieces:
        words = [str(abs(int(number)))] if rest == 1 or abs(number) != 1 else []
        words += [w for factor in sp.Mul.make_args(rest) if factor != 1 for w in _powers(factor)]
        sign = (" - " if number < 0 else " + ") if made else ("0 - " if number < 0 else "")
        made += sign + " * ".join(words)
    return made


def _powers(factor: sp.Expr) -> list[str]:
    base, exponent = factor.as_base_exp()
    return [str(base)] * int(exponent)
