"""The classic error surface with a cliff, and descent on it with and without clipping (Pascanu, Mikolov and Bengio 2013, fig. 6).

One unit without input, h_t = w sigmoid(h_{t-1}) + b from h_0 = 1/2, is to give sigmoid(h_50) = 0.7. Over (w, b) the loss has a
wall where the unit changes between two fixed points; the gradient on it is hundreds of times that beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import ModuleType

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.analyze import emitted
from symbptt.model.read import from_text
from symbptt.model.values import Model

MODEL = """
title = "One unit without input: the cliff"
reference = "Pascanu, Mikolov and Bengio (2013) On the difficulty of training recurrent neural networks. ICML"
[{section}]
w = ""
b = ""
[states]
h = ""
[targets]
y = ""
[equations]
s = "sigmoid(h[t-1])"
h = "w * s + b"
o = "sigmoid(h)"
[loss]
step = "squared_error(o, y)"
at = "last"
"""
STEPS, START, TARGET = 50, 0.5, 0.7
FROM, RATE, LIMIT, DESCENT = (5.2, -2.4), 1.0, 0.05, 100
"""Where a descent starts, (w, b); its step size, the norm that gradients are clipped to, and its steps: as in the source."""
METHODS = ("plain", "norm", "value", "normalised", "normalised each")
"""Ways to step: the gradient itself, clipped by norm, clipped by value, divided by its norm, each parameter's by its own."""


def model() -> Model:
    """The unit as a model whose inputs are w and b, so that every sample of a batch is another point of the surface."""
    return from_text(MODEL.format(section="inputs"), "cliff")


def unit() -> Model:
    """The unit as its formulas are printed: all steps share w and b."""
    return from_text(MODEL.format(section="parameters"), "cliff")


@cache
def _code() -> ModuleType:
    return emitted.module(model(), STEPS, wrt=("w", "b"), clipping=True)


def loss_and_slopes(w: Array, b: Array) -> tuple[Array, Array, Array]:
    """The loss and its derivatives by w and b, at many points (in the shape of w and b) by one call of the emitted code."""
    w, b = np.broadcast_arrays(np.asarray(w, dtype=float), np.asarray(b, dtype=float))
    points = [np.broadcast_to(x.ravel(), (STEPS, x.size)) for x in (w, b)]
    inputs, target = dict(zip("wb", points, strict=True)), np.full((STEPS, w.size), TARGET)
    code = _code()
    with np.errstate(over="ignore"):
        outputs, _ = code.forward({}, inputs, {"h": np.full(w.size, START)})
        _, gradients = code.value_and_grad({}, inputs, {"y": target}, {"h": np.full(w.size, START)})
    losses = 0.5 * (outputs["o"][-1] - TARGET) ** 2
    return losses.reshape(w.shape), gradients["w"].sum(axis=0).reshape(w.shape), gradients["b"].sum(axis=0).reshape(w.shape)


@dataclass(frozen=True)
class Path:
    """A descent: the points (steps+1, 2) as (w, b), the losses and the gradient norms at them, the longest step.

    `rates` are the norms of what took the gradient's place over the gradient's: 1 where it was left alone.
    """

    method: str
    points: Array
    losses: Array
    norms: Array
    rates: Array

    @property
    def longest(self) -> float:
        """The length of the longest step."""
        return float(np.sqrt((np.diff(self.points, axis=0) ** 2).sum(axis=1)).max(initial=0.0))


def descend(
    method: str = "plain", start: tuple[float, float] = FROM, rate: float = RATE, limit: float = LIMIT, steps: int = DESCENT
) -> Path:
    """Gradient descent from (w, b); `limit` is the norm, the value or (normalised) the length of a step over the rate."""
    code = _code()
    ways: dict[str, Callable[[dict[str, Array]], dict[str, Array]]] = {
        "plain": lambda g: g,
        "norm": lambda g: code.clip_by_norm(g, limit),
        "value": lambda g: code.clip_by_value(g, limit),
        "normalised": lambda g: {name: limit * x for name, x in code.normalise(g).items()},
        "normalised each": lambda g: {name: limit * x for name, x in code.normalise(g, each=True).items()},
    }
    point, points, losses, norms, lengths = np.array(start, dtype=float), [np.array(start, dtype=float)], [], [], []
    for _ in range(steps + 1):
        loss, by_w, by_b = loss_and_slopes(point[:1], point[1:])
        gradients = {"w": by_w, "b": by_b}
        losses.append(float(loss[0]))
        norms.append(code.global_norm(gradients))
        step = ways[method](gradients)
        lengths.append(code.global_norm(step))
        point = point - rate * np.array([step["w"][0], step["b"][0]])
        points.append(point)
    with np.errstate(invalid="ignore"):
        rates = np.where(np.array(norms) > 0, np.array(lengths) / np.array(norms), 1.0)
    return Path(method, np.array(points[:-1]), np.array(losses), np.array(norms), rates)


@dataclass(frozen=True)
class Cliff:
    """The surface on a grid, losses (b, w), the norms of the gradient on it, and the descents."""

    w: Array
    b: Array
    losses: Array
    norms: Array
    paths: tuple[Path, ...]


def cliff(points: int = 101, **options: float) -> Cliff:
    """The surface around the wall and one descent per method; options as of `descend`."""
    w, b = np.linspace(3.8, 6.0, points), np.linspace(-3.2, -1.4, points)
    losses, by_w, by_b = loss_and_slopes(*np.meshgrid(w, b))
    paths = tuple(descend(method, **options) for method in METHODS)  # type: ignore[arg-type]
    return Cliff(w, b, losses, np.hypot(by_w, by_b), paths)
