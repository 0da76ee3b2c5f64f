"""The emitted modules, in both styles."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import symbptt
from benchmarks.case import Case, Subject


def module(model: str, **options: Any) -> ModuleType:
    """An emitted module with the gradients of parameters and initial states."""
    loaded = symbptt.load(model)
    wrt = tuple(v.name for v in (*loaded.parameters, *loaded.states))
    text = symbptt.emit.source(loaded, wrt=wrt, **options).text
    made = ModuleType(f"emitted_{model}")
    exec(compile(text, made.__name__, "exec"), made.__dict__)
    return made


def subject(case: Case, code: ModuleType) -> Subject:
    """A call of value_and_grad."""
    arguments = (case.parameters, case.inputs, case.targets, case.states)
    return Subject(lambda: code.value_and_grad(*arguments), lambda result: (float(result[0]), result[1]))


def make(case: Case) -> dict[str, Subject]:
    """`fast` and `plain`."""
    return {f"symbptt {style}": subject(case, module(case.model, style=style)) for style in ("fast", "plain")}
