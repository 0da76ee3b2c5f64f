"""Between which bounds the entries of an expression lie whatever its variables are, as far as its functions tell."""

from collections.abc import Iterable
from functools import cache
from itertools import product
from math import inf

import sympy as sp

from symbptt.algebra import tidy
from symbptt.algebra.functions import FUNCTIONS, Z
from symbptt.algebra.head_nodes import JoinHeads
from symbptt.algebra.nodes import Broadcast, Elementwise, Softmax, is_leaf
from symbptt.derive.varying import Definitions

Range = tuple[float, float]
ANY: Range = (-inf, inf)

_INCREASING = frozenset({
    "elu", "exp", "hard_sigmoid", "hard_tanh", "identity", "leaky_relu", "log", "log_sigmoid",
    "relu", "sigmoid", "softplus", "sqrt", "tanh",
})
"""Functions that do not decrease, with the numeric arguments of their defaults."""
_WITHIN: dict[str, Range] = {"sin": (-1, 1), "cos": (-1, 1), "abs": (0, inf), "huber": (0, inf)}


def value_range(value: sp.Basic, known: Definitions) -> Range:
    """Bounds of the entries; `known` are values with an equation."""
    if not getattr(value, "is_Matrix", False):
        return (float(value), float(value)) if value.is_number else (0.0, inf)  # dimensions are positive
    value = tidy.collected(value)
    number, factors = tidy.split_number(value)
    if number != 1 and len(factors) == 1:
        return times((value_range(number, known), value_range(factors[0], known)))
    if is_leaf(value):
        return value_range(known[value], known) if value in known else ANY
    if isinstance(value, sp.MatAdd):
        return plus(value_range(a, known) for a in value.args)
    if isinstance(value, sp.HadamardProduct):
        return times(value_range(a, known) for a in value.args)
    if isinstance(value, (Broadcast, sp.Transpose, JoinHeads)):
        return value_range(value.args[0], known)
    if isinstance(value, sp.MatMul) and all(1 in f.shape for f in factors) and value.shape[0] != 1 != value.shape[1]:
        return times(value_range(a, known) for a in factors)
    if isinstance(value, Elementwise):
        return _of_function(value, known)
    if type(value).__name__ == "OneMatrix":
        return (1.0, 1.0)
    return (0.0, 1.0) if isinstance(value, Softmax) else ANY


def plus(parts: Iterable[Range]) -> Range:
    """The bounds of a sum."""
    lows, highs = zip(*parts, strict=True)
    return (sum(lows), sum(highs))


def times(parts: Iterable[Range]) -> Range:
    """The bounds of a product; zero times something without a bound is zero."""
    low, high = 1.0, 1.0
    for part in parts:
        ends = [0.0 if 0 in (a, b) else a * b for a, b in product((low, high), part)]
        low, high = min(ends), max(ends)
    return (low, high)


def _of_function(value: Elementwise, known: Definitions) -> Range:
    low, high = value_range(value.operand, known)
    row = FUNCTIONS[value.name]
    if value.name in _INCREASING and value.numbers == tuple(default for _, default in row.arguments):
        return (_at(value.name, low), _at(value.name, high))
    if value.name == "reciprocal" and low >= 0:
        return (0.0 if high == inf else 1 / high, inf if low == 0 else 1 / low)
    if value.name == "power" and value.numbers[0].is_Integer and value.numbers[0] % 2 == 0:
        return (0.0, inf)
    return _WITHIN.get(value.name, ANY)


@cache
def _at(name: str, place: float) -> float:
    """The value of a function with the numeric arguments of its defaults, at a number or at infinity."""
    row = FUNCTIONS[name]
    value = row.value.subs(dict(zip(row.symbols(), (default for _, default in row.arguments), strict=True)))
    if row.domain != sp.S.Reals and place <= float(row.domain.inf):
        return float(sp.limit(value, Z, row.domain.inf, "+"))
    end = sp.oo if place == inf else -sp.oo if place == -inf else sp.Float(place)
    value = value.replace(sp.Piecewise, lambda *cases: next(case for case, holds in cases if holds.subs(Z, end)))
    return float(sp.limit(value, Z, end) if end.is_infinite else value.subs(Z, end))
