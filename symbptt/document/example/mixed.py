"""Arithmetic that is exact as long as it can be: fractions, and floating numbers from the first function that leaves them."""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache

import sympy as sp

from symbptt.algebra.functions import FUNCTIONS, Z, slope
from symbptt.verify.exact.arithmetic import Arithmetic

Number = Fraction | float
"""An exact number, or one that is rounded."""


@cache
def _formula(name: str, numbers: tuple[sp.Expr, ...], order: int) -> sp.Expr:
    row = FUNCTIONS[name]
    return sp.sympify(slope(name, order) if order else row.value).subs(dict(zip(row.symbols(), numbers, strict=True)))


@cache
def _compiled(name: str, numbers: tuple[sp.Expr, ...], order: int) -> Callable[[float], float]:
    compiled: Callable[[float], float] = sp.lambdify(Z, _formula(name, numbers, order), "math")
    return compiled


class Mixed(Arithmetic):
    """`Fraction` where the value of a function at a fraction is one, as of identity and relu, else `float`."""

    def number(self, value: sp.Expr) -> Number:
        return Fraction(int(value.p), int(value.q)) if value.is_Rational else float(value)

    def opaque(self, name: str, numbers: tuple[sp.Expr, ...], order: int, z: Number) -> Number:
        if isinstance(z, Fraction):
            exact = _formula(name, numbers, order).subs(Z, sp.Rational(z.numerator, z.denominator))
            if exact.is_Rational:
                return self.number(exact)
        try:
            return float(_compiled(name, numbers, order)(float(z)))
        except (ValueError, ZeroDivisionError, OverflowError, TypeError):
            return math.nan

    def divide(self, above: Number, below: Number) -> Number:
        return above / below if below else math.nan
