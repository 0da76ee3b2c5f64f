"""The emitted C, called as the other modules are, and prepared: the same arrays in every call."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType

import symbptt
from benchmarks.case import Case, Subject
from benchmarks.subjects.emitted import subject


@cache
def module(model: str) -> ModuleType:
    """The module that loads C, with the gradients of parameters and initial states."""
    loaded = symbptt.load(model)
    wrt = tuple(v.name for v in (*loaded.parameters, *loaded.states))
    source = symbptt.emit.source(loaded, backend="c", python=True, wrt=wrt)
    place = source.write(Path(tempfile.mkdtemp()) / source.path).with_suffix(".py")
    made = ModuleType(f"compiled_{model}")
    made.__file__ = str(place)
    exec(compile(place.read_text(encoding="utf-8"), str(place), "exec"), made.__dict__)
    return made


def make(case: Case) -> dict[str, Subject]:
    """Both ways of calling."""
    code = module(case.model)
    targets = {name: array.astype("int32") for name, array in case.targets.items()}
    step = code.prepare(case.parameters, case.inputs, targets, case.states)
    return {
        "symbptt C": subject(case, code),
        "symbptt C, prepared": Subject(step, lambda loss: (loss, step.gradients)),
    }
