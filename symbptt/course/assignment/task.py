"""An assignment before any grader: what is given, what is asked for, what is right, and what it is worth."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from symbptt import emit
from symbptt.course.assignment.cutting import Source
from symbptt.course.credit import PLAIN, Credit, credit
from symbptt.course.gradebook import asked
from symbptt.course.hidden import LEVELS
from symbptt.data.arrays import leading_axes
from symbptt.data.classes import takes_classes
from symbptt.data.values import GROUPS, Data
from symbptt.diagnose.submission.draw import draw
from symbptt.errors import BadInput, UnknownName
from symbptt.model.read import differentiable, load
from symbptt.model.values import Model, Role, Variable

STEPS, SAMPLES, DIGITS = 3, 2, 4
"""The size of the public check, and the digits of its numbers."""
_INDENT = "    "


@dataclass(frozen=True)
class Task:
    """An assignment on a model with a loss.

    `gradients` are asked for, `table` is the text of `credit`, `level` says how much messages tell.
    """

    model: Model
    gradients: tuple[str, ...]
    credit: Credit
    table: str
    level: str
    source: Source = field(repr=False)

    @property
    def steps(self) -> int | None:
        """The number of steps, where no array tells it."""
        return None if emit.loops(self.model) else STEPS

    @property
    def given(self) -> str:
        """The forward pass and the loss."""
        return f"import numpy as np\n\n\n{self.source.given}"

    @property
    def prompt(self) -> str:
        """The body of the function to write, as students get it."""
        names = ", ".join(f'"{name}"' for name in self.gradients)
        return f"{_INDENT}residuals = forward(parameters, inputs, states)\n" \
               f"{_INDENT}gradients = dict.fromkeys([{names}])\n" \
               f"{_INDENT}# Your code: the gradient of the loss by each of these.\n{_INDENT}return gradients\n"

    @property
    def head(self) -> str:
        """The first lines of the function to write, with what it takes and returns."""
        lines = ["def backward(parameters, inputs, targets, states=None):",
                 f'{_INDENT}"""The gradients of the loss by name, each in the shape of its variable.', ""]
        for group in GROUPS:
            named = [f"{v.name} {shape(v, self.model)}" for v in self.model.variables if v.role.group == group]
            lines += [f"{_INDENT}{group}: {', '.join(named)}"] * bool(named)
        return "\n".join([*lines, f'{_INDENT}"""\n'])

    @property
    def body(self) -> str:
        """The body of the function as it is right."""
        return f"{_INDENT}residuals = forward(parameters, inputs, states)\n" \
               f"{_INDENT}_, cotangents, direct = _loss(parameters, residuals, targets)\n" \
               f"{_INDENT}gradients = _backward(parameters, residuals, cotangents)\n" \
               f"{_INDENT}return {{name: value + direct.get(name, 0) for name, value in gradients.items()}}\n"

    @property
    def student(self) -> str:
        """The module that students fill in."""
        return f"{self.given}\n\n{self.head}{self.prompt}"

    @property
    def solution(self) -> str:
        """The module as it is right."""
        return f"{self.given}\n\n{self.source.solution}\n\n{self.head}{self.body}"

    @cached_property
    def case(self) -> dict[str, Any]:
        """A point of small size with the right gradients, as lists."""
        at = _rounded(draw(self.model, self.steps or STEPS, SAMPLES))
        module = ModuleType("solution")
        exec(compile(self.solution, "solution.py", "exec"), module.__dict__)  # our own text
        with np.errstate(all="ignore"):
            found = module.backward(*at.groups)
        groups: dict[str, Mapping[str, Any]] = {
            **dict(zip(GROUPS, at.groups, strict=True)), "gradients": {name: found[name] for name in self.gradients},
        }
        return {group: {name: _listed(array) for name, array in arrays.items()} for group, arrays in groups.items()}


def task(
    source: Model | str, wrt: Sequence[str] | str | None = None, table: Path | str | None = None, level: str = "cause"
) -> Task:
    """The assignment on a model; one without a loss gets that of given cotangents.

    `table` is the file of a table of credit. Raises BadInput for what cannot be asked, UnknownName for a level.
    """
    if level not in LEVELS:
        raise UnknownName("level of messages", level, LEVELS)
    model = differentiable(load(source))
    wanted = asked(model, wrt)
    points = credit(table, wanted)
    text = Path(PLAIN if table is None else table).read_text(encoding="utf-8-sig")
    if not any(map(points.of, wanted)):
        raise BadInput("every gradient of the assignment has no points")
    return Task(model, wanted, points, text, level, Source(emit.for_steps(model, STEPS, wrt=wanted, style="plain").text))


def has_classes(variable: Variable, model: Model) -> bool:
    """Whether a variable is given as integer classes."""
    return variable.classes or (variable.role is Role.TARGET and takes_classes(model, variable))


def shape(variable: Variable, model: Model) -> str:
    """The shape of a variable's array, as (T, N, D)."""
    axes = (*leading_axes(variable), *(() if has_classes(variable, model) else variable.shape))
    return f"({', '.join(axes)}{',' if len(axes) == 1 else ''})" if axes else "()"


def _rounded(data: Data) -> Data:
    """The data with few digits, so that they are short to write down."""
    parameters, inputs, targets, states = (
        {n: a if a.dtype.kind in "iub" else np.round(a, DIGITS) for n, a in group.items()} for group in data.groups
    )
    return Data(data.dims, data.T, data.N, parameters, inputs, targets, states)


def _listed(array: Any) -> Any:
    return np.asarray(array).tolist()


def case_text(task: Task) -> str:
    """The point of the public check as JSON, an array on a line."""
    groups = []
    for group, arrays in task.case.items():
        rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(array)}" for name, array in arrays.items())
        groups.append(f" {json.dumps(group)}: {{\n{rows}\n }}" if rows else f" {json.dumps(group)}: {{}}")
    return "{\n" + ",\n".join(groups) + "\n}"
