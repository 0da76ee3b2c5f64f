"""What is a matter of taste: how names, time, transposes and derivatives are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from symbptt.errors import UnknownName
from symbptt.typeset.alphabets import LETTERS
from symbptt.typeset.signs import ACCENTS

Pairs = tuple[tuple[str, str], ...]

_CHOICES: dict[str, tuple[str, ...]] = {
    "time": ("subscript", "superscript"),
    "transpose": ("⊤", "T", "′"),
    "hadamard": ("⊙", "∘", "∗"),
    "layout": ("column",),
}

DERIVATIVES: dict[str, tuple[str, str]] = {
    "∂": ("∂", ""), "∂⁺": ("∂", "+"), "d": ("d", ""), "d⁺": ("d", "+"), "∇": ("∇", ""),
}
"""How the sign of a derivative may be written: the sign and its superscript."""

_FUNCTIONS: dict[str, str] = {
    "sigmoid": "sigma", "relu": "ReLU", "leaky_relu": "LeakyReLU", "elu": "ELU", "silu": "SiLU", "gelu": "GELU",
    "hard_sigmoid": "HardSigmoid", "hard_tanh": "HardTanh", "huber": "Huber",
}


def _check(kind: str, value: str, known: Iterable[str]) -> None:
    if value not in known:
        raise UnknownName(f"notation for {kind}", value, known)


@dataclass(frozen=True)
class Notation:
    """A way of writing.

    `names` maps a variable's name to a LaTeX snippet (see snippet.py for what may be in it), `functions` a function's name to a
    label. `node_adjoint` and `loss_gradient` are letters, `step_adjoint` is an accent put over the state. Every value is checked
    against a table, so nothing can inject markup. Raises UnknownName; a bad snippet raises BadInput when it is read.
    """

    time: str = "subscript"
    transpose: str = "⊤"
    hadamard: str = "⊙"
    layout: str = "column"
    immediate: str = "∂⁺"
    total: str = "d"
    partial: str = "∂"
    node_adjoint: str = "delta"
    step_adjoint: str = "bar"
    loss_gradient: str = "g"
    arrows: bool = True
    names: Pairs = ()
    functions: Pairs = field(default=tuple(_FUNCTIONS.items()))

    def __post_init__(self) -> None:
        for kind, known in _CHOICES.items():
            _check(kind, getattr(self, kind), known)
        for kind in ("immediate", "total", "partial"):
            _check(kind, getattr(self, kind), DERIVATIVES)
        _check("step_adjoint", self.step_adjoint, ACCENTS)
        letters = [*LETTERS, *"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"]
        for kind in ("node_adjoint", "loss_gradient"):
            _check(kind, getattr(self, kind), letters)

    def derivative(self, kind: str) -> tuple[str, str]:
        """The sign and the superscript of a derivative of a kind: "immediate", "total" or "partial"."""
        _check("derivative", kind, ("immediate", "total", "partial"))
        return DERIVATIVES[getattr(self, kind)]


TEXTBOOK = Notation()
"""Column vectors, bold letters, time as a subscript."""
