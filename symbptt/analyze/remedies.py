"""Remedies for gradients that vanish or explode, each a model that is derived, emitted and measured like any other.

Groups: initialisation, activation, normalisation and residual connections, gates, forget bias. Clipping is in cliff.py: it acts
on the step, not on the flow. To add a remedy, add a row.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from symbptt.analyze.comparison import Case, Row, compare
from symbptt.analyze.data import adjusted, point
from symbptt.errors import UnknownName
from symbptt.model.read import from_text, load
from symbptt.model.values import Model

NORMALISED = """
title = "Recurrent network with {words}"
reference = "{reference}"
activation = "tanh"
[inputs]
x = "D"
[states]
h = "H"
[parameters]
W_xh = "H D"
W_hh = "H H"
b_h = "H"
W_ho = "O H"
b_o = "O"
[targets]
y = "O"
[equations]
z = "W_xh @ x + W_hh @ h[t-1]"
a = "{norm}(z) + b_h"
h = "activation(a)"
o = "W_ho @ h + b_o"
[loss]
step = "softmax_cross_entropy(o, y)"
"""
TEXTS = {
    "layer_norm": NORMALISED.format(
        words="layer normalisation", norm="layer_norm",
        reference="Ba, Kiros and Hinton (2016) Layer normalization. arXiv:1607.06450",
    ),
    "batch_norm": NORMALISED.format(
        words="batch normalisation of every step", norm="batch_norm",
        reference="Cooijmans, Ballas, Laurent, Gulcehre and Courville (2017) Recurrent batch normalization. ICLR",
    ),
}
"""Models that are not among the built-in ones."""


@dataclass(frozen=True)
class Remedy:
    """A row of the table: a model, and what is changed in it or in its weights."""

    label: str
    model: str
    activation: str | None = None
    init: str | None = None
    fill: Mapping[str, float] = field(default_factory=dict)


REMEDIES: dict[str, tuple[Remedy, ...]] = {
    "initialisation": tuple(
        Remedy(init, "elman", init=init) for init in ("xavier", "he", "orthogonal", "identity", "uniform")
    ),
    "activation": tuple(Remedy(name, "elman", activation=name) for name in ("sigmoid", "tanh", "relu", "leaky_relu", "elu")),
    "normalisation": (
        Remedy("elman", "elman"), Remedy("residual", "residual_rnn"), Remedy("layer norm", "layer_norm"),
        Remedy("batch norm", "batch_norm"),
    ),
    "gates": (Remedy("elman", "elman"), Remedy("gru", "gru"), Remedy("lstm", "lstm")),
    "forget bias": tuple(Remedy(f"b_f = {b:g}", "lstm", fill={"b_f": b}) for b in (-2.0, 0.0, 1.0, 3.0, 6.0)),
}


def model_of(remedy: Remedy) -> Model:
    """The remedy's model."""
    source = from_text(TEXTS[remedy.model], remedy.model) if remedy.model in TEXTS else remedy.model
    return load(source, activation=remedy.activation)


def remedies(
    group: str, T: int | None = None, dims: Mapping[str, int] | None = None, N: int = 8, seed: int = 0, scale: float = 1.0,
    norm: str = "fro",
) -> tuple[Row, ...]:
    """Measure the remedies of a group on the same data; `scale` multiplies the recurrent weights of those that have W_hh.

    Raises UnknownName for a group that is not in the table.
    """
    if group not in REMEDIES:
        raise UnknownName("group of remedies", group, REMEDIES)
    return compare(_cases(REMEDIES[group], T, dims, N, seed, scale), norm)


def _cases(
    chosen: Iterable[Remedy], T: int | None, dims: Mapping[str, int] | None, N: int, seed: int, scale: float
) -> Iterable[Case]:
    for remedy in chosen:
        model = model_of(remedy)
        data = point(model, T, dims, N, seed, init=remedy.init)
        factor = {"W_hh": scale} if "W_hh" in data.parameters and scale != 1 else {}
        yield Case(remedy.label, model, adjusted(model, data, remedy.fill, factor))
