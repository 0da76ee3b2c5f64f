"""Training: so many steps of stochastic gradient descent in a loop, each library with what it has for that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks import measure
from benchmarks.case import SIZES, Case, Subject, make
from benchmarks.subjects import compiled, emitted

STEPS = 200
MODELS = ("elman", "lstm")
"""Not the GRU: PyTorch's has biases that ours has not, and learns them, too."""
Train = Callable[[], float]


def rate(case: Case) -> float:
    """The learning rate; the loss is a sum over steps and samples."""
    return 0.1 / (case.size[0] * case.size[1])


def _by_numpy(case: Case) -> Train:
    code = emitted.module(case.model)

    def train() -> float:
        parameters, loss = {name: array.copy() for name, array in case.parameters.items()}, 0.0
        for _ in range(STEPS):
            loss, gradients = code.value_and_grad(parameters, case.inputs, case.targets, case.states)
            for name, array in parameters.items():
                array -= rate(case) * gradients[name]
        return float(loss)

    return train


def _by_c(case: Case) -> Train:
    parameters = {name: array.copy() for name, array in case.parameters.items()}
    targets = {name: array.astype("int32") for name, array in case.targets.items()}
    step = compiled.module(case.model).prepare(parameters, case.inputs, targets, case.states)

    def train() -> float:
        loss = 0.0
        for name, array in parameters.items():
            array[...] = case.parameters[name]
        for _ in range(STEPS):
            loss = step()
            for name, array in parameters.items():
                array -= rate(case) * step.gradients[name]
        return loss

    return train


def _by_torch(case: Case) -> Train:
    import torch

    from benchmarks.subjects import pytorch

    weights, hidden = pytorch.layer(case)
    learned = [leaf for leaf in weights.leaves() if leaf is not weights.b_h and leaf not in set(weights.states.values())]
    first = [leaf.detach().clone() for leaf in learned]
    optimizer = torch.optim.SGD(learned, lr=rate(case))

    def train() -> float:
        loss = torch.zeros(())
        with torch.no_grad():
            for leaf, start in zip(learned, first, strict=True):
                leaf.copy_(start)
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = pytorch.objective(weights, hidden)
            loss.backward()
            optimizer.step()
        return float(loss.detach())

    return train


def _by_jax(case: Case) -> Train:
    import jax
    import jax.numpy as jnp

    from benchmarks.subjects import jax_scan

    given = [{k: jnp.asarray(v) for k, v in d.items()} for d in (case.parameters, case.states)]
    x, y = jnp.asarray(case.inputs["x"]), jnp.asarray(case.targets["y"])
    slope = jax.value_and_grad(partial(jax_scan.loss, case.model))

    def step(parameters: Any) -> Any:
        value, gradients = slope(parameters, given[1], x, y)
        return value, jax.tree.map(lambda p, g: p - rate(case) * g, parameters, gradients)

    moved = jax.jit(step).lower(given[0]).compile()

    def train() -> float:
        value, parameters = 0.0, given[0]
        for _ in range(STEPS):
            value, parameters = moved(parameters)
        return float(value)

    return train


TRAINERS: Mapping[str, tuple[Callable[[Case], Train], str]] = {
    "symbptt fast": (_by_numpy, "numpy"), "symbptt C, prepared": (_by_c, "numpy"),
    "PyTorch nn": (_by_torch, "torch"), "JAX scan": (_by_jax, "jax"),
}
"""What trains, and the library that it needs."""


def subjects(case: Case) -> dict[str, Subject]:
    """All that can be run here; what they give is the loss of the last step."""
    found = {label: trainer(case) for label, (trainer, library) in TRAINERS.items() if find_spec(library)}
    return {label: Subject(train, lambda loss: (loss, {"loss": np.asarray(loss)})) for label, train in found.items()}


def rows(rounds: int) -> Iterator[measure.Row]:
    """Training at the three smaller sizes, in single precision, on one thread."""
    for model in MODELS:
        for size in SIZES[:3]:
            case = make(model, size, "float32")
            made = subjects(case)
            measure.agree(case, made)
            yield from measure.timed(case, made, 1, rounds)
