"""Two tasks that need a long memory, learned with emitted code: which lags do the terms of the gradient reach, before and after?

    python examples/long_memory.py adding                    sum of two marked numbers, told at the end
    python examples/long_memory.py copying --rule sgd        repeat what came before a silence

Hochreiter and Schmidhuber (1997), Long short-term memory, Neural Computation 9(8), experiment 4 (adding);
Arjovsky, Shah and Bengio (2016), Unitary evolution recurrent neural networks, ICML (copying).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np

import symbptt
from symbptt import analyze, emit
from symbptt.errors import BadInput, SymbpttError

Arrays = dict[str, np.ndarray]
Draw = Callable[[np.random.Generator, int, int], tuple[Arrays, Arrays]]


def adding(rng: np.random.Generator, T: int, N: int) -> tuple[Arrays, Arrays]:
    """Inputs (T, N, 2): a number and a mark; one number of each half is marked, and the target is their sum."""
    number, mark, who = rng.random((T, N)), np.zeros((T, N)), np.arange(N)
    first, second = rng.integers(0, T // 2, N), rng.integers(T // 2, T, N)
    mark[first, who] = mark[second, who] = 1
    target = np.zeros((T, N, 1))
    target[-1, :, 0] = number[first, who] + number[second, who]
    return {"x": np.stack([number, mark], axis=-1)}, {"y": target}


LETTERS, LENGTH = 4, 3
"""The copying task: three letters out of four; then silence, and a sign to repeat them."""


def copying(rng: np.random.Generator, T: int, N: int) -> tuple[Arrays, Arrays]:
    """Inputs (T, N, letters + 2), one-hot; targets are classes, -1 (which counts nothing) before the last three steps."""
    letters = rng.integers(0, LETTERS, (LENGTH, N))
    shown = np.full((T, N), LETTERS)
    shown[:LENGTH], shown[T - LENGTH] = letters, LETTERS + 1
    target = np.full((T, N), -1)
    target[T - LENGTH :] = letters
    return {"x": np.eye(LETTERS + 2)[shown]}, {"y": target}


@dataclass(frozen=True)
class Task:
    """Data, the loss of the model and the steps that have one, steps, sizes, and the loss of one who remembers nothing."""

    draw: Draw
    loss: str
    at: str
    least: int
    T: int
    sizes: dict[str, int]
    blind: float

    def model(self, cell: str) -> Any:
        """A built-in cell (or model file) with the loss of this task."""
        model = symbptt.load(cell, loss=self.loss)
        if not model.states:
            raise BadInput(f"{cell} has no state, so it remembers nothing")
        return replace(model, loss=replace(model.loss, at=self.at, reduction="mean"))


# The sum of two uniform numbers has variance 1/6, and the squared error is half a square.
TASKS = {
    "adding": Task(adding, "squared_error", "last", 2, 20, {"D": 2, "O": 1}, 1 / 12),
    "copying": Task(copying, "softmax_cross_entropy", "every", 2 * LENGTH, 12, {"D": LETTERS + 2, "O": LETTERS},
                    float(np.log(LETTERS))),
}


def sgd(rate: float) -> Callable[[Arrays, Arrays], Arrays]:
    """Parameters minus the gradient times the rate."""
    return lambda parameters, gradients: {name: p - rate * gradients[name] for name, p in parameters.items()}


def adam(rate: float, decay: tuple[float, float] = (0.9, 0.999), least: float = 1e-8) -> Callable[[Arrays, Arrays], Arrays]:
    """Kingma and Ba (2015) Adam: a method for stochastic optimization. ICLR."""
    state: list[Any] = [0, {}, {}]

    def step(parameters: Arrays, gradients: Arrays) -> Arrays:
        state[0] += 1
        made = {}
        for name, g in gradients.items():
            m = state[1][name] = decay[0] * state[1].get(name, 0) + (1 - decay[0]) * g
            v = state[2][name] = decay[1] * state[2].get(name, 0) + (1 - decay[1]) * g**2
            mean, square = m / (1 - decay[0] ** state[0]), v / (1 - decay[1] ** state[0])
            made[name] = parameters[name] - rate * mean / (np.sqrt(square) + least)
        return made

    return step


RULES = {"adam": (adam, 0.02), "sgd": (sgd, 0.5)}
"""Ways to step, with their rates."""


def module(model: Any) -> ModuleType:
    """The emitted code, with functions that clip."""
    made = ModuleType("emitted")
    exec(compile(emit.source(model, clipping=True).text, "emitted.py", "exec"), made.__dict__)
    return made


def train(
    task: Task, code: ModuleType, parameters: Arrays, T: int, updates: int, step: Callable[[Arrays, Arrays], Arrays], seed: int,
    N: int = 32,
) -> tuple[Arrays, np.ndarray]:
    """Parameters after so many updates on fresh batches of N, and the loss before each; gradients are clipped to norm 1."""
    rng, losses = np.random.default_rng(seed), np.zeros(updates)
    for i in range(updates):
        losses[i], gradients = code.value_and_grad(parameters, *task.draw(rng, T, N))
        parameters = step(parameters, code.clip_by_norm(gradients, 1.0))
    return parameters, losses


@dataclass(frozen=True)
class Lags:
    """Shares of the terms by lag t - k, the mean of all parameters that reach a state, and ||ds_T/ds_(T-d)||."""

    shares: np.ndarray
    products: np.ndarray

    @property
    def reach(self) -> int:
        """The largest lag with at least 1 % of the terms."""
        return int(np.flatnonzero(self.shares >= 0.01)[-1])

    @property
    def mean(self) -> float:
        """The mean lag."""
        return float(self.shares @ np.arange(len(self.shares)))


def lags(task: Task, model: Any, parameters: Arrays, T: int, seed: int, N: int = 32) -> Lags:
    """Where the gradient goes on one batch."""
    inputs, targets = task.draw(np.random.default_rng([seed, 1]), T, N)
    point = analyze.point(model, T, values={**parameters, **inputs, **targets})
    found = analyze.at(model, point, every=False)
    reaching = [item.by_distance for item in found.table.terms if item.by_distance[1:].any()]
    return Lags(np.mean(reaching, axis=0), found.growth.measured)


def report(title: str, task: Task, losses: np.ndarray, before: Lags, after: Lags) -> str:
    """What was learned, and the lags side by side."""
    final = losses[-max(1, len(losses) // 10) :].mean()
    lines = [f"{title}: loss {losses[0]:.4f} at first, {final:.4f} at last; {task.blind:.4f} is what remembering nothing gives"]
    lines += [f"  {'lag t - k':>9}  {'terms before':>12}  {'after':>7}  {'||ds_T/ds_(T-lag)|| before':>26}  {'after':>7}"]
    lines += [f"  {d:9}  {a:12.2%}  {b:7.2%}  {p:26.2g}  {q:7.2g}" for d, (a, b, p, q) in enumerate(
        zip(before.shares, after.shares, before.products[:-1], after.products[:-1], strict=True))]
    lines += [f"  mean lag {before.mean:.1f} before, {after.mean:.1f} after; "
              f"terms of at least 1 % up to lag {before.reach} before, {after.reach} after"]
    return "\n".join(lines)


def main() -> None:
    """Train on one task and report."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("task", choices=TASKS)
    options.add_argument("--cell", default="gru", help="a built-in model or a model file")
    options.add_argument("--rule", choices=RULES, default="adam")
    options.add_argument("--rate", type=float)
    options.add_argument("--updates", type=int, default=600)
    options.add_argument("-T", type=int, help="steps")
    options.add_argument("--hidden", type=int, default=16)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    task = TASKS[given.task]
    T = given.T or task.T
    make, rate = RULES[given.rule]
    if task.least > T or given.updates < 1:
        options.error(f"{given.task} takes at least {task.least} steps and one update")
    try:
        model = task.model(given.cell)
        first = dict(analyze.point(model, T, {**task.sizes, "H": given.hidden}, seed=given.seed).parameters)
        last, losses = train(task, module(model), first, T, given.updates, make(given.rate or rate), given.seed)
        before, after = (lags(task, model, parameters, T, given.seed) for parameters in (first, last))
    except SymbpttError as error:
        options.error(str(error))
    print(report(f"{given.task}, {given.cell}, {given.rule}", task, losses, before, after))


if __name__ == "__main__":
    main()
