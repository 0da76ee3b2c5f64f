"""An assignment before any grader: what is given, what is asked for, what is right, and what it is worth."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from symbptt.compose.either import Subject, any_model, differentiable
from symbptt.course.credit import PLAIN, Credit, credit
from symbptt.course.gradebook import asked
from symbptt.course.hidden import LEVELS
from symbptt.data.values import GROUPS, Data
from symbptt.diagnose import function
from symbptt.document.backward_pass.asked import Asked, cut
from symbptt.document.backward_pass.one import STEPS
from symbptt.errors import BadInput, UnknownName
from symbptt.narrative.presentation import Presentation

SAMPLES, DIGITS = 2, 4
"""The samples of the public check, and the digits of its numbers."""


@dataclass(frozen=True)
class Task(Asked):
    """An assignment on a model with a loss: `table` is the text of `credit`, `level` says how much messages tell."""

    credit: Credit
    table: str
    level: str

    @cached_property
    def case(self) -> dict[str, Any]:
        """A point of small size with the right gradients, as lists."""
        at = _rounded(function.drawn(self.model, self.steps or STEPS, SAMPLES))
        module = ModuleType("solution")
        exec(compile(self.solution, "solution.py", "exec"), module.__dict__)  # our own text
        with np.errstate(all="ignore"):
            found = module.backward(*at.groups)
        groups: dict[str, Mapping[str, Any]] = {
            **dict(zip(GROUPS, at.groups, strict=True)), "gradients": {name: found[name] for name in self.gradients},
        }
        return {group: {name: _listed(array) for name, array in arrays.items()} for group, arrays in groups.items()}


def task(
    source: Subject | str, wrt: Sequence[str] | str | None = None, table: Path | str | None = None, level: str = "cause",
    language: str = "en",
) -> Task:
    """The assignment on a model; one without a loss gets that of given cotangents.

    `table` is the file of a table of credit. Raises BadInput for what cannot be asked, UnknownName for a level or a language.
    """
    if level not in LEVELS:
        raise UnknownName("level of messages", level, LEVELS)
    Presentation(language)
    model = any_model(source)
    model = differentiable(model)
    wanted = asked(model, wrt)
    points = credit(table, wanted)
    text = Path(PLAIN if table is None else table).read_text(encoding="utf-8-sig")
    if not any(map(points.of, wanted)):
        raise BadInput("every gradient of the assignment has no points")
    return Task(model, wanted, cut(model, wanted), points, text, level, language=language)


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
