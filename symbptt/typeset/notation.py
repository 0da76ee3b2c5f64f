"""What is a matter of taste: how names, time, transposes and derivatives are written, and whether samples are columns or rows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from symbptt.algebra.functions import FUNCTIONS
from symbptt.errors import BadInput, UnknownName
from symbptt.typeset import snippet
from symbptt.typeset.alphabets import LETTERS
from symbptt.typeset.signs import ACCENTS

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Sign:
    """How a derivative is written: the sign above with its superscript, the sign below.

    With `copies`, a shared parameter below carries the step of what stands above, as in ∂h_t/∂W_t: the copy used at that step.
    """

    above: str
    sup: str = ""
    below: str = ""
    copies: bool = False


DERIVATIVES: dict[str, Sign] = {
    "∂": Sign("∂", below="∂"), "∂⁺": Sign("∂", "+", "∂"), "d": Sign("d", below="d"), "d⁺": Sign("d", "+", "d"),
    "∇": Sign("∇", below="∇"), "∂/": Sign("∂"), "∂ of a copy": Sign("∂", below="∂", copies=True),
}
"""How the sign of a derivative may be written, by its name in a notation."""

WHOLE = ("quotient", "nabla", "differential")
"""How the gradient of the loss may be written: dL/dW, ∇_W L or dW."""

CHOICES: dict[str, tuple[str, ...]] = {
    "time": ("subscript", "superscript", "angle", "argument"),
    "transpose": ("⊤", "T", "′"),
    "hadamard": ("⊙", "∘", "∗"),
    "layout": ("column", "row"),
    "gradient": WHOLE,
    "immediate": tuple(DERIVATIVES), "total": tuple(DERIVATIVES), "partial": tuple(DERIVATIVES),
    "step_adjoint": tuple(ACCENTS),
}
"""The values that an entry of a notation may have."""

ROLES = (
    "input", "state", "target", "loss", "preactivation", "output", "input_weights", "recurrent_weights", "readout_weights",
    "bias", "readout_bias",
)
"""The parts that variables may play; see roles.py."""

_LABELS: Pairs = tuple((row.name, row.label) for row in FUNCTIONS.values() if row.label)
_SINGLE = (*LETTERS, *"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LONGEST = 600


def _check(kind: str, value: str, known: Iterable[str]) -> None:
    if value not in known:
        raise UnknownName(f"notation for {kind}", value, known)


@dataclass(frozen=True)
class Notation:
    """A way of writing.

    Symbols are LaTeX snippets (see snippet.py for what may be in them): `names` by a variable's name, or by "model.variable" for
    one model alone; `roles` by the part that a variable plays (see roles.py). What is in neither keeps the model's own symbol,
    bold if `bold`. `functions` maps a function's name to a label of letters. The adjoint of a value is a letter with the value as
    subscript, or "nabla" or "differential" as in `WHOLE`; `loss_gradient` is a letter, `step_adjoint` an accent over the state.
    `source` and `note`, by language, say where the notation comes from. Every entry is checked, so nothing can inject markup.
    Raises UnknownName, and BadInput for a snippet that cannot be used.
    """

    time: str = "subscript"
    transpose: str = "⊤"
    hadamard: str = "⊙"
    layout: str = "column"
    immediate: str = "∂⁺"
    total: str = "d"
    partial: str = "∂"
    gradient: str = "quotient"
    node_adjoint: str = "delta"
    step_adjoint: str = "bar"
    loss_gradient: str = "g"
    arrows: bool = True
    bold: bool = True
    names: Pairs = ()
    roles: Pairs = ()
    functions: Pairs = _LABELS
    source: Pairs = ()
    note: Pairs = ()

    def __post_init__(self) -> None:
        for kind, known in CHOICES.items():
            _check(kind, getattr(self, kind), known)
        if self.immediate == self.total:
            raise BadInput(f"immediate and total derivative are both written {self.total!r}: expected different signs")
        _check("loss_gradient", self.loss_gradient, _SINGLE)
        _check("node_adjoint", self.node_adjoint, (*_SINGLE, *WHOLE[1:]))
        for role, _ in self.roles:
            _check("role", role, ROLES)
        for _, text in (*self.names, *self.roles):
            snippet.read(text)
        for name, text in self.functions:
            if not re.fullmatch(r"[A-Za-z]{1,20}", text):
                raise BadInput(f"function {name!r} is written {text[:40]!r}: expected up to 20 letters")
        for _, text in (*self.source, *self.note):
            if len(text) > _LONGEST or not text.isprintable():
                raise BadInput(f"source and note: expected one line of at most {_LONGEST} characters")

    def derivative(self, kind: str) -> Sign:
        """How a derivative of a kind is written: "immediate", "total" or "partial"."""
        _check("derivative", kind, ("immediate", "total", "partial"))
        return DERIVATIVES[getattr(self, kind)]


TEXTBOOK = Notation()
"""Column vectors, bold letters, time as a subscript."""
