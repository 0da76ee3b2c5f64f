"""The units of a cell: how steep their activations are at the values met, how many are saturated, how many are dead."""

from dataclasses import dataclass

import numpy as np

from symbptt.algebra.evaluate import Array, evaluate
from symbptt.algebra.nodes import Elementwise, Slope
from symbptt.analyze.curves import FLAT, top
from symbptt.derive.numeric import Evaluation
from symbptt.model.values import Equation
from symbptt.typeset import text


@dataclass(frozen=True)
class Units:
    """The units that one equation computes with an activation; `name` is its left side, or what it computes.

    `saturated` is the part of (steps, samples, entries) where |phi'| is below 5 % of its supremum; `dead` counts the entries
    whose slope is zero at every step and for every sample; `slope` is the mean of |phi'|.
    """

    name: str
    variable: str
    activation: str
    count: int
    saturated: float
    dead: int
    slope: float


def units(done: Evaluation) -> tuple[Units, ...]:
    """One entry for every equation of the cell whose value is an activation of something."""
    found = []
    for equation in done.graph.model.equations:
        node = equation.value
        if not isinstance(node, Elementwise) or node.name == "identity":
            continue
        largest = top(node.name, node.numbers)
        if largest is not None:
            found.append(_units(equation, node, largest, done))
    return tuple(found)


def slopes(node: Elementwise, done: Evaluation) -> Array:
    """|phi'| at every step and sample: (T, N, rows, columns)."""
    steep = Slope(*node.args)
    made = [done.batch(evaluate(steep, done.at(k))) for k in range(1, done.graph.T + 1)]
    return np.asarray(abs(np.array(made)))


def _units(equation: Equation, node: Elementwise, largest: float, done: Evaluation) -> Units:
    steep = slopes(node, done)
    dead = int((steep == 0).all(axis=(0, 1)).sum())
    flat = float((steep < FLAT * largest).mean())
    name = equation.target.name if equation.target.definition is None else text(node, done.graph.model)
    return Units(name, equation.target.name, node.name, int(np.prod(steep.shape[2:])), flat, dead, float(steep.mean()))
