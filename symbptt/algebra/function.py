"""What an elementwise function is: one row of the table in `functions`, or of a package that adds one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

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
    """The value as emitted code computes it without overflow: in terms of `Sigmoid` and `Softplus`, or with bounded arguments."""
    safe_slope: sp.Expr | None = None
    """The slope in the same way; derived from `safe_value` where it is not given."""
    domain: sp.Set = sp.S.Reals
    """The arguments at which value and slope are real numbers."""
    source: str = ""
    positive: bool = False
    """Whether the numeric arguments must be above zero."""
    activation: bool = False
    """Whether it may be chosen as the activation of a model."""
    common: bool = False
    """Whether it is among the few activations that menus show, and whose slopes are mistaken for one another."""
    label: str = ""
    """What documents call it, in letters or by the name of a Greek one; else its name."""
    written: sp.Expr | None = None
    """The formula that documents write in the place of a call, as a square root."""
    native: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What a backend calls it, by the backend's name, where others need a helper in the module."""
    pullback: Mapping[str, str] = field(default_factory=dict, hash=False)
    """A backend's call (d, y) for d f'(z) in terms of y = f(z)."""
    array: Callable[..., Any] | None = None
    """f(z, *arguments) of NumPy arrays, written apart from `value`, for the referees of a function that is not built in."""
    scalar: Callable[..., Any] | None = None
    """The same of SymPy expressions."""

    def __post_init__(self) -> None:
        if self.safe_value is not None and self.safe_slope is None:
            object.__setattr__(self, "safe_slope", self.safe_value.diff(Z))

    @property
    def primed(self) -> bool:
        """Whether documents write the slope f'(z): that of an activation, which they derive on its own, and one in cases."""
        return bool(self.value != Z) and (self.activation or self.value.has(sp.Piecewise))

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


class Held(sp.Function):
    """Its argument, taken for a constant: the derivative is zero."""

    @classmethod
    def eval(cls, argument: sp.Expr) -> sp.Expr | None:
        return argument if isinstance(argument, sp.Number) else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return sp.S.Zero

    def _pythoncode(self, printer: Any) -> str:
        """What `lambdify` writes."""
        return str(printer.doprint(self.args[0]))

    _numpycode = _pythoncode


def argument(name: str) -> sp.Symbol:
    """The symbol of a numeric argument."""
    return sp.Symbol(name, real=True)
