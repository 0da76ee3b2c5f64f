"""Build a model in Python from the pieces of a model file, with the same checks."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from symbptt.errors import BadInput
from symbptt.model import sections
from symbptt.model.compile import compiled
from symbptt.model.place import Place
from symbptt.model.values import Model


def model(
    *,
    name: str,
    equations: Mapping[str, str],
    inputs: Mapping[str, str] | None = None,
    states: Mapping[str, str] | None = None,
    parameters: Mapping[str, str] | None = None,
    constants: Mapping[str, str] | None = None,
    targets: Mapping[str, str] | None = None,
    loss: str | None = None,
    at: str = "every",
    reduction: str = "sum",
    title: str | None = None,
    reference: str = "",
    notes: Sequence[str] = (),
    activation: str | None = None,
    heads: str | None = None,
    symbols: Mapping[str, Mapping[str, Any]] | None = None,
    translations: Mapping[str, Mapping[str, Any]] | None = None,
    init: Mapping[str, str] | None = None,
    initial: Mapping[str, str] | None = None,
    freeze: bool = False,
    training: bool = True,
) -> Model:
    """The model with these sections, each as in a model file: names to shapes, left sides to right sides.

    `loss` is the expression of one step's loss, `at` is "every" or "last", `reduction` is "sum" or "mean".
    `heads` names the dimension of heads.
    Raises BadInput as reading a file does.
    """
    data: dict[str, Any] = {
        "title": title if title is not None else name,
        "reference": reference,
        "notes": list(notes),
        "inputs": inputs or {},
        "states": states or {},
        "parameters": parameters or {},
        "constants": constants or {},
        "targets": targets or {},
        "equations": equations,
        "symbols": symbols or {},
        "translations": translations or {},
        "init": init or {},
        "initial": initial or {},
        "freeze": freeze,
        "training": training,
    }
    if loss is not None:
        data["loss"] = {"step": loss, "at": at, "reduction": reduction}
    data |= {key: given for key, given in (("activation", activation), ("heads", heads)) if given is not None}
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
        raise BadInput(f"{name[:64]!r} cannot name a model: expected up to 64 ASCII letters, digits, _ and -")
    place = Place(f"model {name}")
    return compiled(sections.model_file(data, name, place), place)
