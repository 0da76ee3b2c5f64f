"""Another loss, another activation or other flags for a model: an edit of its file, so that the model's text stays true."""

import re
from dataclasses import replace

import sympy as sp

from symbptt import words
from symbptt.algebra.functions import ACTIVATIONS
from symbptt.model.compile import compiled
from symbptt.model.losses import LOSSES
from symbptt.model.model_file import ModelFile, Pairs, Symbol
from symbptt.model.place import Place
from symbptt.model.values import Model, Role, Variable

_BATCH_NORM = re.compile(r"\bbatch_norm\b")
NONE = "none"
"""The name that takes the loss away."""
COTANGENTS = "cotangents"
"""The name of the loss whose gradient is the vector-Jacobian product: every output times a given cotangent, summed up."""


def _read_by_loss(model: Model) -> set[str]:
    equations = model.loss.equations if model.loss else ()
    return {symbol.name for equation in equations for symbol in equation.value.atoms(sp.MatrixSymbol)}


def _read_out(file: ModelFile, model: Model) -> Variable:
    """The last left side that the present loss reads, else the last left side."""
    sides = [target for target, _ in file.equations]
    read = _read_by_loss(model)
    return model[next((name for name in reversed(sides) if name in read), sides[-1])]


def _target(model: Model, like: Variable) -> tuple[str, str]:
    """Name and shape of a target for a read-out: a present one that fits, the one that the loss reads first, or a new one."""
    read = _read_by_loss(model)
    fitting = [v for v in model.of(Role.TARGET) if (v.rows, v.columns) == (like.rows, like.columns)]
    for variable in sorted(fitting, key=lambda v: v.name not in read):
        return variable.name, " ".join(variable.shape)
    taken = {v.name for v in model.variables if v.role is not Role.TARGET} | set(model.dimensions)
    names = ("y", "target", *(f"target_{k}" for k in range(1, len(taken) + 1)))
    return next(name for name in names if name not in taken), " ".join(like.shape)


def _with_targets(file: ModelFile, targets: Pairs) -> ModelFile:
    """The file with these targets only, and no symbol of another."""
    gone = set(dict(file.targets)) - set(dict(targets))
    return replace(file, targets=targets, symbols=tuple(s for s in file.symbols if s.name not in gone))


def with_loss(file: ModelFile, loss: str, place: Place, model: Model | None = None) -> ModelFile:
    """The file with another loss by name ("none": without one); a fitting target y is added, unread targets go.

    `model` has the variables of the file, where these are those of several recurrences.
    """
    if loss not in (NONE, COTANGENTS, *LOSSES):
        raise place.unknown("loss", loss, (*LOSSES, COTANGENTS, NONE))
    if loss == NONE:
        return replace(_with_targets(file, ()), loss=None)
    model = model or compiled(file, place)
    if loss == COTANGENTS:
        return _with_cotangents(file, model)
    output = _read_out(file, model)
    target = _target(model, output)
    at, reduction = file.loss[1:] if file.loss else ("every", "sum")
    return replace(_with_targets(file, (target,)), loss=(f"{loss}({output.name}, {target[0]})", at, reduction))


def _with_cotangents(file: ModelFile, model: Model) -> ModelFile:
    """The file with a target r_v for every output v, and the sum of all r_v * v at every step as its loss."""
    sides = dict(file.equations)
    outputs = [v for v in model.outputs if v.name in sides]
    taken = {v.name for v in model.variables if v.role is not Role.TARGET} | set(model.dimensions)
    free = next(prefix for prefix in ("r", "cot", *(f"r{k}" for k in range(1, len(taken) + 2)))
                if not any(f"{prefix}_{v.name}" in taken for v in outputs))
    names = {v: f"{free}_{v.name}" for v in outputs}
    symbols = tuple(Symbol(name, None, words.everywhere("model.cotangent", name=v.name)) for v, name in names.items())
    products = ("{} * {}", "dot({}, {})", "sum({} * {})")  # of scalars, vectors and matrices
    terms = (products[v.rank].format(name, v.name) for v, name in names.items())
    step = " + ".join(term if v.heads is None else f"sum_heads({term})" for v, term in zip(names, terms, strict=True))
    made = _with_targets(file, tuple((name, " ".join(v.shape)) for v, name in names.items()))
    return replace(made, loss=(step, "every", "sum"), symbols=(*made.symbols, *symbols))


def with_activation(file: ModelFile, activation: str, place: Place) -> ModelFile:
    """The file with another activation; raises BadInput if it does not name one to begin with."""
    if activation not in ACTIVATIONS:
        raise place.unknown("activation", activation, ACTIVATIONS)
    if not file.activation:
        raise place.error("the model has no activation to swap; its file would need a line such as activation = \"tanh\"")
    return replace(file, activation=activation)


def with_flags(file: ModelFile, freeze: bool | None, training: bool | None) -> ModelFile:
    """The file with other flags; None leaves one as it is, and `training` matters only to a model with a batch_norm."""
    if freeze is not None:
        file = replace(file, freeze=freeze)
    normalises = any(_BATCH_NORM.search(text) for text in (*dict(file.equations).values(), *(file.loss or ())[:1]))
    return replace(file, training=training) if training is not None and normalises else file
