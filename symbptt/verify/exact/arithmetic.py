"""Scalars with opaque functions: f, f', ... are unknowns that obey their derivative rule and nothing else.

What is proved with them holds for every function with that rule. A function stays as it is where its value or its slope is a
rational function (1/z of log), and the slope is written in terms of the value where the table of functions says so (1 - y^2 of
tanh); that these forms are right is proved apart, in `functions`.

`Symbolic` computes with SymPy expressions; `Sampled` with rational numbers, an opaque value being a random one; `Dual` numbers
over these carry exact derivatives along.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import prod
from random import Random
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from sympy.polys.rings import ring

from symbptt.algebra.functions import FUNCTIONS, Y, Z, slope

Scalar = Any
"""A SymPy expression, a Fraction or a Dual: whatever an arithmetic computes with."""
Numbers = tuple[sp.Expr, ...]


@cache
def _given(name: str, numbers: Numbers, order: int) -> sp.Expr:
    """The value or slope of the table, its numeric arguments filled in."""
    row = FUNCTIONS[name]
    return (slope(name, order) if order else row.value).subs(dict(zip(row.symbols(), numbers, strict=True)))


@cache
def _is_rational(name: str, numbers: Numbers, order: int) -> bool:
    return not _given(name, numbers, order).has(sp.Piecewise) and bool(_given(name, numbers, order).is_rational_function(Z))


class Arithmetic(ABC):
    """Numbers, and elementwise functions with their slopes."""

    @abstractmethod
    def number(self, value: sp.Rational) -> Scalar:
        """A rational number."""

    @abstractmethod
    def opaque(self, name: str, numbers: Numbers, order: int, z: Scalar) -> Scalar:
        """The derivative of this order of an opaque function; equal arguments give equal values."""

    @abstractmethod
    def divide(self, above: Scalar, below: Scalar) -> Scalar:
        """A quotient."""

    def apply(self, name: str, numbers: Numbers, z: Scalar) -> Scalar:
        """f(z)."""
        if _is_rational(name, numbers, 0):
            return self._rational(_given(name, numbers, 0), Z, z)
        return self.opaque(name, numbers, 0, z)

    def slope(self, name: str, numbers: Numbers, z: Scalar) -> Scalar:
        """f'(z)."""
        if _is_rational(name, numbers, 1):
            return self._rational(_given(name, numbers, 1), Z, z)
        if FUNCTIONS[name].by_result is not None:
            return self.slope_by_result(name, numbers, self.apply(name, numbers, z))
        return self.opaque(name, numbers, 1, z)

    def slope_by_result(self, name: str, numbers: Numbers, y: Scalar) -> Scalar:
        """f'(z) in terms of y = f(z)."""
        return self._rational(FUNCTIONS[name].by_result, Y, y)

    def _rational(self, formula: sp.Expr, variable: sp.Symbol, z: Scalar) -> Scalar:
        if formula == variable:
            return z
        if formula.is_Rational:
            return self.number(formula)
        if formula.is_Pow:
            power = self._rational(formula.base, variable, z) ** abs(int(formula.exp))
            return power if formula.exp > 0 else self.divide(self.number(sp.S.One), power)
        parts = [self._rational(part, variable, z) for part in formula.args]
        total = parts[0]
        for part in parts[1:]:
            total = total + part if formula.is_Add else total * part
        return total


@dataclass(frozen=True)
class Atom:
    """An opaque value: a derivative of this order of a function, at an argument."""

    name: str
    numbers: Numbers
    order: int
    argument: sp.Expr


class Symbolic(Arithmetic):
    """SymPy expressions that are polynomials: every opaque value and every reciprocal is a symbol of its own, kept in `atoms`."""

    def __init__(self) -> None:
        self.atoms: dict[sp.Symbol, Atom] = {}
        self._known: dict[Atom, sp.Symbol] = {}
        self._terms: dict[sp.Expr, int] = {}
        self._slopes: dict[tuple[sp.Symbol, sp.Symbol], sp.Expr] = {}

    def number(self, value: sp.Rational) -> sp.Expr:
        return value

    def opaque(self, name: str, numbers: Numbers, order: int, z: sp.Expr) -> sp.Expr:
        atom = Atom(name, numbers, order, z)
        if atom not in self._known:
            symbol = sp.Symbol(f"{name}{'~' * order}_{len(self.atoms)}")
            self._known[atom], self.atoms[symbol] = symbol, atom
        return self._known[atom]

    def divide(self, above: sp.Expr, below: sp.Expr) -> sp.Expr:
        return above / below if below.is_number else above * self.opaque("reciprocal", (), 0, below)

    def derivative(self, expression: sp.Expr, by: sp.Symbol) -> sp.Expr:
        """SymPy's derivative, and that through the atoms by their rule."""
        inside = sorted(expression.free_symbols & self.atoms.keys(), key=str)
        through = (expression.diff(atom) * self._slope_of(atom, by) for atom in inside)
        return sp.Add(expression.diff(by), *through)

    def _slope_of(self, symbol: sp.Symbol, by: sp.Symbol) -> sp.Expr:
        if (symbol, by) not in self._slopes:
            atom = self.atoms[symbol]
            inner = self.derivative(atom.argument, by)
            self._slopes[symbol, by] = self._outer(symbol, atom) * inner if inner != 0 else sp.S.Zero
        return self._slopes[symbol, by]

    def _outer(self, symbol: sp.Symbol, atom: Atom) -> sp.Expr:
        if atom.name == "reciprocal":
            return -(symbol**2)
        if atom.order == 0:
            return self.slope(atom.name, atom.numbers, atom.argument)
        return self.opaque(atom.name, atom.numbers, atom.order + 1, atom.argument)

    def terms(self, expression: sp.Expr) -> int:
        """The most terms that an expression has when it is multiplied out."""
        if expression not in self._terms:
            if expression.is_Add:
                self._terms[expression] = sum(map(self.terms, expression.args))
            elif expression.is_Pow:
                self._terms[expression] = self.terms(expression.base) ** abs(int(expression.exp))
            else:
                self._terms[expression] = prod(map(self.terms, expression.args))
        return self._terms[expression]

    def vanishes(self, expression: sp.Expr) -> bool:
        """Whether an expression is identically zero, whatever the opaque functions are: a proof if so."""
        plain = expression
        while plain != 0:
            if not (symbols := sorted(plain.free_symbols, key=str)):
                return bool(plain == 0)
            if not ring(symbols, sp.QQ)[0].from_expr(plain):
                return True
            known = {s: 1 / self.atoms[s].argument for s in symbols if s in self.atoms and self.atoms[s].name == "reciprocal"}
            if not known:
                return False
            # The reciprocals are no free symbols: r (a + b) = 1.
            plain = sp.fraction(sp.together(plain.xreplace(known)))[0]
        return True


@dataclass(frozen=True)
class Dual:
    """value + slopes . epsilon, in exact arithmetic; `slopes` has one entry for every direction."""

    value: Fraction
    slopes: NDArray[Any]

    def __add__(self, other: Any) -> Dual:
        if not isinstance(other, Dual):
            return Dual(self.value + other, self.slopes)
        return Dual(self.value + other.value, self.slopes + other.slopes)

    def __mul__(self, other: Any) -> Dual:
        if not isinstance(other, Dual):
            return Dual(self.value * other, self.slopes * other)
        return Dual(self.value * other.value, self.slopes * other.value + other.slopes * self.value)

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, other: Any) -> Dual:
        if not isinstance(other, Dual):
            return self * (1 / other)
        return self * (1 / other.value) + Dual(Fraction(0), other.slopes * (-self.value / other.value**2))

    def __rtruediv__(self, other: Fraction) -> Dual:
        return Dual(other / self.value, self.slopes * (-other / self.value**2))

    def __pow__(self, n: int) -> Dual:
        return Dual(self.value**n, self.slopes * (n * self.value ** (n - 1)))


class Sampled(Arithmetic):
    """Rational numbers, and dual numbers over them; an opaque value is random, drawn anew for every argument."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def number(self, value: sp.Rational) -> Fraction:
        return Fraction(int(value.p), int(value.q))

    def draw(self, *what: object) -> Fraction:
        """A random positive rational number, the same for the same arguments."""
        rng = Random(f"{self.seed} {what}")
        return Fraction(rng.randint(1, 9), rng.randint(1, 9))

    def opaque(self, name: str, numbers: Numbers, order: int, z: Fraction) -> Fraction:
        return self.draw(name, numbers, order, z)

    def divide(self, above: Scalar, below: Scalar) -> Scalar:
        return above / below

    def apply(self, name: str, numbers: Numbers, z: Scalar) -> Scalar:
        if not isinstance(z, Dual):
            return super().apply(name, numbers, z)
        return Dual(super().apply(name, numbers, z.value), z.slopes * self.slope(name, numbers, z.value))


def directions(count: int) -> NDArray[Any]:
    """The unit directions of dual numbers, as rows."""
    return np.array([[Fraction(int(i == j)) for j in range(count)] for i in range(count)], dtype=object)
