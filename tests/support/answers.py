"""Right and wrong gradients of any model, as files of the kinds that `symbptt diagnose` takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from symbptt import emit
from symbptt.data.random_values import random
from symbptt.data.values import Array, Data
from symbptt.model.values import Model, Role
from symbptt.unroll.graph import steps
from symbptt.verify import complex_step

STEPS = 3
_WRONG = """

_right = {function}


def {function}({arguments}):
    {result} = _right({arguments})
    gradients["{name}"] = gradients["{name}"] + 0.25
    return {result}
"""


def variables(model: Model) -> tuple[str, ...]:
    """The parameters, or the inputs and states of a model that has none."""
    real = model.with_gradient
    return tuple(v.name for v in real if v.role is Role.PARAMETER) or tuple(v.name for v in real)


def files(model: Model, folder: Path) -> Iterator[Path]:
    """right.py, wrong.py, right.npz and wrong.npz in a folder; in the wrong ones the last gradient is off by a quarter."""
    names = variables(model)
    right = emit.for_steps(model, STEPS, wrt="all", style="plain").text
    loss = model.loss is not None
    function, result = ("value_and_grad", "loss, gradients") if loss else ("backward", "gradients")
    arguments = "parameters, inputs, targets, states" if loss else "parameters, residuals, cotangents"
    told = {"function": function, "arguments": arguments, "result": result, "name": names[-1]}
    wrong = right.partition("\nif __name__")[0] + _WRONG.format(**told)
    for stem, text in (("right", right), ("wrong", wrong)):
        (folder / f"{stem}.py").write_text(text, encoding="utf-8")
        yield folder / f"{stem}.py"
    graph, data = steps(model, STEPS), random(model, T=STEPS)
    gradients = {name: complex_step.gradient(graph, data, model[name]) for name in names}
    for stem, off in (("right", 0.0), ("wrong", 0.25)):
        given = gradients | {names[-1]: gradients[names[-1]] + off}
        packed = _packed(data, given, "targets" if loss else "cotangents")
        np.savez(folder / f"{stem}.npz", allow_pickle=False, T=np.array(STEPS), **packed)
        yield folder / f"{stem}.npz"


def _packed(data: Data, gradients: dict[str, Array], by: str) -> dict[str, Array]:
    groups = {
        "parameters": data.parameters, "inputs": data.inputs, "states": data.states, by: getattr(data, by),
        "gradients": gradients,
    }
    return {f"{group}.{name}": array for group, arrays in groups.items() for name, array in arrays.items()}
