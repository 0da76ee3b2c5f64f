"""The emitted module with checkpoints: segments of about sqrt(T) steps, each run again on the way back."""

from __future__ import annotations

from benchmarks.case import Case, Subject
from benchmarks.subjects.emitted import module


def make(case: Case) -> dict[str, Subject]:
    """`value_and_grad_in_segments`."""
    code = module(case.model, checkpoint=True)
    arguments = (case.parameters, case.inputs, case.targets, case.states)
    call = code.value_and_grad_in_segments
    return {"symbptt checkpoint": Subject(lambda: call(*arguments), lambda result: (float(result[0]), result[1]))}
