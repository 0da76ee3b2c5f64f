"""The elementwise functions, one row each; their slopes come from SymPy.

A row holds a scalar SymPy expression in `z` (the argument), numeric arguments with defaults, and, where the slope is simpler
in terms of the function's own value `y`, that form (`by_result`); a test proves the two forms equal.
Functions with a kink take the slope of the right-hand branch given here: relu'(0) = 0, abs'(0) = 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import sympy as sp

Z = sp.Symbol("z", real=True)
Y = sp.Symbol("y", real=True)


@dataclass(frozen=True)
class Function:
    """f(z), with numeric `arguments` (name, default) that `value` may contain as symbols."""

    name: str
    value: sp.Expr
    arguments: tuple[tuple[str, sp.Expr], ...] = ()
    by_result: sp.Expr | None = None
    bound: sp.Expr | None = None
    """sup |f'|, where it is finite and known, in terms of the numeric arguments; used by norm bounds."""
    safe_value: sp.Expr | None = None
    """The value in terms of `Sigmoid` and `Softplus`, which emitted code computes without overflow."""
    safe_slope: sp.Expr | None = None
    """The slope in the same terms."""
    source: str = ""
    positive: bool = False
    """Whether the numeric arguments must be above zero."""

    def symbols(self) -> tuple[sp.Symbol, ...]:
        """The numeric arguments as symbols, in order."""
        return tuple(argument(name) for name, _ in self.arguments)


class Sigmoid(sp.Function):
    """1/(1 + e^-z), left opaque."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return self * (1 - self)


class Softplus(sp.Function):
    """log(1 + e^z), left opaque."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return Sigmoid(self.args[0])


def argument(name: str) -> sp.Symbol:
    """The symbol of a numeric argument."""
    return sp.Symbol(name, real=True)


def _if(condition: sp.Basic, yes: sp.Expr, no: sp.Expr) -> sp.Expr:
    return sp.Piecewise((yes, condition), (no, True))


_sigmoid = 1 / (1 + sp.exp(-Z))
_slope, _alpha, _delta, _n = (argument(name) for name in ("slope", "alpha", "delta", "n"))
_root = sp.sqrt(2 / sp.pi)
_quarter = sp.Rational(1, 4)
_one = sp.S.One

_ROWS = (
    Function("identity", Z, bound=_one),
    Function("tanh", sp.tanh(Z), by_result=1 - Y**2, bound=_one),
    Function(
        "sigmoid",
        _sigmoid,
        by_result=Y * (1 - Y),
        bound=_quarter,
        safe_value=Sigmoid(Z),
        safe_slope=Sigmoid(Z) * (1 - Sigmoid(Z)),
    ),
    Function("relu", _if(Z > 0, Z, sp.S.Zero), bound=_one),
    Function("leaky_relu", _if(Z > 0, Z, _slope * Z), (("slope", sp.Rational(1, 100)),), bound=sp.Max(1, sp.Abs(_slope))),
    Function(
        "elu",
        _if(Z > 0, Z, _alpha * (sp.exp(Z) - 1)),
        (("alpha", _one),),
        bound=sp.Max(1, sp.Abs(_alpha)),
        source="Clevert, Unterthiner and Hochreiter (2016)",
    ),
    Function("softplus", sp.log(1 + sp.exp(Z)), bound=_one, safe_value=Softplus(Z), safe_slope=Sigmoid(Z)),
    Function(
        "silu",
        Z * _sigmoid,
        safe_value=Z * Sigmoid(Z),
        safe_slope=Sigmoid(Z) * (1 + Z * (1 - Sigmoid(Z))),
        source="Elfwing, Uchibe and Doya (2018)",
    ),
    Function(
        "gelu",
        Z / 2 * (1 + sp.tanh(_root * (Z + sp.Rational(44715, 1000000) * Z**3))),
        source="Hendrycks and Gimpel (2016), the tanh form",
    ),
    Function(
        "hard_sigmoid",
        _if(-1 / (2 * _slope) >= Z, sp.S.Zero, _if(1 / (2 * _slope) <= Z, _one, _slope * Z + sp.Rational(1, 2))),
        (("slope", sp.Rational(1, 6)),),
        positive=True,
        bound=_slope,
        source="clip(z/6 + 1/2, 0, 1), as in PyTorch; with slope 1/2 as in Courbariaux, Bengio and David (2015)",
    ),
    Function("hard_tanh", _if(Z <= -1, -_one, _if(Z >= 1, _one, Z)), bound=_one),
    Function("sin", sp.sin(Z), bound=_one),
    Function("cos", sp.cos(Z), bound=_one),
    Function("exp", sp.exp(Z), by_result=Y),
    Function("log", sp.log(Z)),
    Function("sqrt", sp.sqrt(Z), by_result=1 / (2 * Y)),
    Function("abs", _if(Z > 0, Z, _if(Z < 0, -Z, sp.S.Zero)), bound=_one),
    Function("reciprocal", 1 / Z, by_result=-(Y**2)),
    Function("power", Z**_n, (("n", sp.S(2)),)),
    Function(
        "huber",
        _if(-_delta >= Z, _delta * (-Z - _delta / 2), _if(_delta <= Z, _delta * (Z - _delta / 2), Z**2 / 2)),
        (("delta", _one),),
        bound=_delta,
        positive=True,
        source="Huber (1964)",
    ),
)

FUNCTIONS: dict[str, Function] = {row.name: row for row in _ROWS}

ACTIVATIONS = (
    "tanh",
    "sigmoid",
    "relu",
    "identity",
    "leaky_relu",
    "elu",
    "softplus",
    "silu",
    "gelu",
    "hard_sigmoid",
    "hard_tanh",
)
"""The functions offered where an activation is chosen by name."""


@cache
def slope(name: str, order: int = 1) -> sp.Expr:
    """d^order f / dz^order of the function `name`, derived by SymPy."""
    value: sp.Expr = FUNCTIONS[name].value
    for _ in range(order):
        value = value.diff(Z)
    return value


def steepest(name: str, numbers: tuple[sp.Expr, ...] | None = None) -> sp.Expr | None:
    """sup |f'| with these numeric arguments (default: the row's own); None where it is not finite or not known."""
    row = FUNCTIONS[name]
    given = [default for _, default in row.arguments] if numbers is None else numbers
    return None if row.bound is None else row.bound.subs(dict(zip(row.symbols(), given, strict=True)))
