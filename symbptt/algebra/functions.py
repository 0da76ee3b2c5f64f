"""The elementwise functions, one row each: all that code, documents and menus know of a function stands in its row.

A row holds a scalar SymPy expression in `z` (the argument), numeric arguments with defaults, and, where the slope is simpler
in terms of the function's own value `y`, that form (`by_result`); a test proves the two forms equal. Slopes come from SymPy.
Functions with a kink take the slope of the right-hand branch given here: relu'(0) = 0, abs'(0) = 0.
"""

from functools import cache

import sympy as sp

from symbptt import extensions
from symbptt.algebra.function import Function, Held, Sigmoid, Softplus, Y, Z, argument
from symbptt.algebra.nodes import Elementwise, Slope, SlopeByResult
from symbptt.errors import BadInput

__all__ = [
    "ACTIVATIONS", "BUILT_IN", "COMMON", "FUNCTIONS", "Function", "Held", "Sigmoid", "Softplus", "Y", "Z", "argument", "formula",
    "slope", "steepest",
]


def _if(condition: sp.Basic, yes: sp.Expr, no: sp.Expr) -> sp.Expr:
    return sp.Piecewise((yes, condition), (no, True))


_sigmoid = 1 / (1 + sp.exp(-Z))
_slope, _alpha, _delta, _n, _lo, _hi = (argument(name) for name in ("slope", "alpha", "delta", "n", "lo", "hi"))
_root = sp.sqrt(2 / sp.pi)
_quarter = sp.Rational(1, 4)
_one = sp.S.One

_negative = _if(Z > 0, sp.S.Zero, Z)
_POSITIVE = sp.Interval.open(0, sp.oo)

_ROWS = (
    Function(
        "tanh",
        sp.tanh(Z),
        by_result=1 - Y**2,
        bound=_one,
        activation=True,
        common=True,
        pullback={"torch": "torch.ops.aten.tanh_backward"},
    ),
    Function(
        "sigmoid",
        _sigmoid,
        by_result=Y * (1 - Y),
        bound=_quarter,
        safe_value=Sigmoid(Z),
        activation=True,
        common=True,
        label="sigma",
        native={"jax": "jax.nn.sigmoid", "torch": "torch.sigmoid"},
        pullback={"torch": "torch.ops.aten.sigmoid_backward"},
    ),
    Function("relu", _if(Z > 0, Z, sp.S.Zero), bound=_one, activation=True, common=True, label="ReLU"),
    Function("identity", Z, bound=_one, activation=True, common=True, written=Z),
    Function(
        "leaky_relu",
        _if(Z > 0, Z, _slope * Z),
        (("slope", sp.Rational(1, 100)),),
        bound=sp.Max(1, sp.Abs(_slope)),
        activation=True,
        label="LeakyReLU",
    ),
    Function(
        "elu",
        _if(Z > 0, Z, _alpha * (sp.exp(Z) - 1)),
        (("alpha", _one),),
        bound=sp.Max(1, sp.Abs(_alpha)),
        safe_value=_if(Z > 0, Z, _alpha * (sp.exp(_negative) - 1)),
        safe_slope=_if(Z > 0, _one, _alpha * sp.exp(_negative)),
        source="Clevert, Unterthiner and Hochreiter (2016)",
        activation=True,
        label="ELU",
    ),
    Function("softplus", sp.log(1 + sp.exp(Z)), bound=_one, safe_value=Softplus(Z), activation=True),
    Function(
        "silu",
        Z * _sigmoid,
        safe_value=Z * Sigmoid(Z),
        safe_slope=Sigmoid(Z) * (1 + Z * (1 - Sigmoid(Z))),
        source="Elfwing, Uchibe and Doya (2018)",
        activation=True,
        label="SiLU",
    ),
    Function(
        "gelu",
        Z / 2 * (1 + sp.tanh(_root * (Z + sp.Rational(44715, 1000000) * Z**3))),
        source="Hendrycks and Gimpel (2016), the tanh form",
        activation=True,
        label="GELU",
    ),
    Function(
        "hard_sigmoid",
        _if(-1 / (2 * _slope) >= Z, sp.S.Zero, _if(1 / (2 * _slope) <= Z, _one, _slope * Z + sp.Rational(1, 2))),
        (("slope", sp.Rational(1, 6)),),
        positive=True,
        bound=_slope,
        source="clip(z/6 + 1/2, 0, 1), as in PyTorch; with slope 1/2 as in Courbariaux, Bengio and David (2015)",
        activation=True,
        label="HardSigmoid",
    ),
    Function("hard_tanh", _if(Z <= -1, -_one, _if(Z >= 1, _one, Z)), bound=_one, activation=True, label="HardTanh"),
    Function(
        "clip",
        _if(_lo >= Z, _lo, _if(_hi <= Z, _hi, Z)),
        (("lo", -_one), ("hi", _one)),
        bound=_one,
    ),
    Function("log_sigmoid", -sp.log(1 + sp.exp(-Z)), bound=_one, safe_value=-Softplus(-Z), label="LogSigmoid"),
    Function("step", _if(Z > 0, _one, sp.S.Zero), label="Theta", source="Heaviside; the slope is 0 everywhere"),
    Function("stop_gradient", Held(Z), label="sg", source="the value, and 0 as the derivative"),
    Function("sin", sp.sin(Z), bound=_one),
    Function("cos", sp.cos(Z), bound=_one),
    Function("exp", sp.exp(Z), by_result=Y),
    Function("log", sp.log(Z), domain=_POSITIVE),
    Function("sqrt", sp.sqrt(Z), by_result=1 / (2 * Y), domain=_POSITIVE, written=sp.sqrt(Z)),
    Function("abs", _if(Z > 0, Z, _if(Z < 0, -Z, sp.S.Zero)), bound=_one, written=sp.Abs(Z)),
    Function("reciprocal", 1 / Z, by_result=-(Y**2), domain=sp.S.Reals - sp.FiniteSet(0), written=1 / Z),
    Function("power", Z**_n, (("n", sp.S(2)),), written=Z**_n),
    Function(
        "huber",
        _if(-_delta >= Z, _delta * (-Z - _delta / 2), _if(_delta <= Z, _delta * (Z - _delta / 2), Z**2 / 2)),
        (("delta", _one),),
        bound=_delta,
        positive=True,
        source="Huber (1964)",
        label="Huber",
    ),
)

BUILT_IN: dict[str, Function] = {row.name: row for row in _ROWS}

FUNCTIONS = extensions.rows(extensions.FUNCTIONS, Function, BUILT_IN)
"""The built-in functions, and those of installed packages."""

for _row in FUNCTIONS.values():
    if _row.name not in BUILT_IN and not (_row.array and _row.scalar):
        raise BadInput(f"function {_row.name} of an installed package: expected array and scalar, the referees' definitions")

ACTIVATIONS = tuple(row.name for row in FUNCTIONS.values() if row.activation)
"""The functions offered where an activation is chosen by name."""

COMMON = tuple(row.name for row in FUNCTIONS.values() if row.common)
"""Those of them that menus show."""


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


def formula(node: Elementwise) -> sp.Expr:
    """The scalar expression of an elementwise node, with its numeric arguments filled in."""
    row = FUNCTIONS[node.name]
    value: sp.Expr = row.safe_value if row.safe_value is not None else row.value
    if isinstance(node, SlopeByResult):
        value = row.by_result
    elif isinstance(node, Slope):
        value = row.safe_slope if row.safe_slope is not None else slope(node.name)
    return value.subs(dict(zip(row.symbols(), node.numbers, strict=True)))
