"""Long sequences: what the function needs that runs segments again instead of storing every step.

Griewank and Walther (2000), Algorithm 799: revolve, ACM TOMS 26(1), place checkpoints for any budget; here there is one level of
them, which for a budget of about 2 sqrt(T) steps costs one more forward run.
"""

from typing import Any

from symbptt.emit.layout import residual
from symbptt.errors import BadInput
from symbptt.model.values import Model, Role, Variable

OPTION = " --checkpoint"


def check(model: Model, possible: bool, over_time: bool = True) -> None:
    """Raises BadInput for a model whose loss or arrays do not fall apart into segments, or code that has none.

    `over_time` says that an array has an axis of steps, or that the code needs none.
    """
    if not possible:
        raise BadInput("checkpoints are for loops, in reverse mode and without truncation")
    if model.loss is None:
        raise BadInput(f"{model.name} has no loss, which checkpoints are for; forward and backward serve segments as they are")
    if not over_time:
        raise BadInput(
            f"checkpoints cut the arrays over time into segments, and {model.name} has none: no input, no parameter of each step"
        )
    if model.loss.reduction == "mean":
        raise BadInput("checkpoints need a loss that is a sum over steps; divide the result by the number that counts")


def wanted(model: Model, asked: tuple[Variable, ...]) -> tuple[Variable, ...]:
    """The gradients asked for, and those of all states, which segments hand to each other."""
    return (*asked, *(state for state in model.states if state not in asked))


def values(model: Model, on: bool) -> dict[str, Any]:
    """What the template takes."""
    over_time = tuple(v.name for v in model.of(Role.INPUT, Role.TARGET, Role.PARAMETER, Role.BUFFER) if v.timed)
    return {
        "checkpoint": on,
        "over_time": repr(over_time),
        "last_lines": [f'"{v.name}": {residual(model, v, "[-1]")}.copy(),' for v in model.states],
        "only_last": model.loss is not None and model.loss.at != "every",
    }
