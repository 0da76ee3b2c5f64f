"""The elementwise functions as the fuzzer draws them: with arguments at which they are well conditioned."""

from dataclasses import dataclass

import sympy as sp

from symbptt.algebra.functions import FUNCTIONS

LARGEST = 12.0
"""The largest size of an expression; larger ones are scaled down."""


@dataclass(frozen=True)
class Row:
    """An elementwise function: its text, the largest argument, the size that comes out (None: the argument's)."""

    form: str
    limit: float
    size: float | None = None
    kink: bool = False
    rests: bool = False


ELEMENTWISE = (
    Row("tanh({0})", 3, 1), Row("tanh({0})", 3, 1), Row("sigmoid({0})", 4, 1), Row("sigmoid({0})", 4, 1),
    Row("sin({0})", 6, 1), Row("cos({0})", 6, 1), Row("exp({0})", 2, 7), Row("softplus({0})", 6), Row("silu({0})", 6),
    Row("gelu({0})", 3), Row("identity({0})", LARGEST), Row("huber({0})", 6), Row("huber({0}, delta=0.7)", 6),
    Row("elu({0})", 6), Row("elu({0}, alpha=0.6)", 6, kink=True), Row("relu({0})", LARGEST, kink=True, rests=True),
    Row("leaky_relu({0})", LARGEST, kink=True), Row("leaky_relu({0}, slope=0.3)", LARGEST, kink=True),
    Row("clip({0})", 3, 1, kink=True, rests=True), Row("clip({0}, -0.6, 0.9)", 3, 1, kink=True, rests=True),
    Row("step({0})", LARGEST, 1, kink=True, rests=True), Row("log_sigmoid({0})", 4), Row("stop_gradient({0})", LARGEST),
    Row("abs({0})", LARGEST, kink=True), Row("hard_tanh({0})", 3, 1, kink=True, rests=True),
    Row("hard_sigmoid({0})", 6, 1, kink=True, rests=True), Row("hard_sigmoid({0}, slope=0.4)", 3, 1, kink=True, rests=True),
    Row("({0} ** 2)", 3, 9), Row("({0} ** 3)", 2, 8),
    Row("power({0}, n=2)", 3, 9), Row("power({0})", 3, 9), Row("({0} ** 1)", 6), Row("({0} ** 0 + {0})", 6),
)
_KNOWN = {row.form.partition("(")[0] for row in ELEMENTWISE}
OTHERS = tuple(
    Row(f"{name}({{0}})", 2, 6, kink=True, rests=True)
    for name, row in FUNCTIONS.items() if name not in _KNOWN and row.domain == sp.S.Reals
)
"""Functions that the table of functions gains later."""
