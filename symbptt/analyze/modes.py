"""The two ways to the same gradient side by side: backward (BPTT) and forward in time (RTRL), what they hold and take."""

import time
import tracemalloc
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from symbptt.analyze import emitted
from symbptt.analyze.table import difference, floor
from symbptt.data.arrays import lead, shape
from symbptt.data.values import Data
from symbptt.errors import BadInput
from symbptt.model.values import Model


@dataclass(frozen=True)
class Mode:
    """`holds` counts the numbers that must be kept from step to step, `seconds` and `peak` (bytes) are measured."""

    name: str
    holds: int
    seconds: float
    peak: int


@dataclass(frozen=True)
class Modes:
    """Backward and forward mode, and the largest relative difference between their gradients."""

    backward: Mode
    forward: Mode
    error: float


def modes(model: Model, data: Data) -> Modes:
    """Run the emitted code of both modes on one point; raises BadInput for a model without a loss."""
    if model.loss is None:
        raise BadInput(f"{model.name} has no loss; choose one with --loss")
    state = sum(int(np.prod(shape(s, data.dims))) for s in model.states) * data.N
    values = sum(int(np.prod(shape(e.target, data.dims))) for e in model.equations) * data.T * data.N
    # One parameter at a time, so the largest decides.
    directions = max((int(np.prod((*lead(v, data.T, data.N), *shape(v, data.dims)))) for v in model.parameters), default=0)
    codes = [emitted.module(model, data.T), emitted.module(model, data.T, mode="forward")]
    (seconds, peak, ours), (longer, most, theirs) = (_measured(code, data) for code in codes)
    least = floor(ours)
    error = max((difference(theirs[name], ours[name], least) for name in ours), default=0.0)
    return Modes(Mode("backward", values, seconds, peak), Mode("forward", directions * state, longer, most), error)


def _measured(code: ModuleType, data: Data) -> tuple[float, int, dict[str, np.ndarray]]:
    start = time.perf_counter()
    _, gradients = emitted.value_and_grad(code, data)
    seconds = time.perf_counter() - start
    tracemalloc.start()
    emitted.value_and_grad(code, data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds, peak, gradients
