"""The emitted module of a model, run in memory: the gradients that the tables are compared with."""

from types import ModuleType
from typing import Any

import numpy as np

from symbptt import emit
from symbptt.algebra.evaluate import Array
from symbptt.data.values import Data
from symbptt.model.values import Model


def module(model: Model, T: int, **options: Any) -> ModuleType:
    """The module that `emit.for_steps` writes, in the plain style."""
    source = emit.for_steps(model, T, **{"style": "plain", **options})
    made = ModuleType(f"symbptt_emitted_{model.name}")
    exec(compile(source.text, source.path, "exec"), made.__dict__)
    return made


def value_and_grad(code: ModuleType, data: Data) -> tuple[float, dict[str, Array]]:
    """The loss and the gradients by name, in float64; overflow gives inf or nan without a warning."""
    with np.errstate(all="ignore"):
        loss, gradients = code.value_and_grad(*(dict(part) for part in data.groups))
    return float(loss), {name: np.asarray(value) for name, value in gradients.items()}
