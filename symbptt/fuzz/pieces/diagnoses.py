"""Diagnoses: right gradients are right, wrong ones are not, as numbers and as a function, and every report can be read."""

from collections.abc import Iterator

import numpy as np

from symbptt.diagnose.diagnosis import Diagnosis
from symbptt.fuzz.fault import Fault, Wrong
from symbptt.fuzz.subject import Check, Subject


def routes(of: Subject) -> Iterator[tuple[str, Check]]:
    """Numbers that are right, wrong by one entry, and wrong by a sum over the samples; and the emitted function."""
    if not of.gradients or any(truth.loose for truth in of.truths):
        return
    yield "right numbers", _right
    yield "wrong numbers", _wrong
    yield "emitted numbers", _emitted


def _all_right(found: Diagnosis, route: str) -> None:
    if wrong := [f for f in found.findings if not f.right]:
        raise Wrong(Fault(route, "calls right gradients wrong", f"{wrong[0].gradient}: {wrong[0].verdict}"))


def _right(of: Subject, route: str) -> None:
    found = of.judged({name: truth.value for name, truth in of.gradients.items()})
    _all_right(found, route)
    _readable(found, route)


def _wrong(of: Subject, route: str) -> None:
    """One entry of one gradient is off by as much as the gradient is large; the others stay."""
    name = sorted(of.gradients)[of.draft.seed % len(of.gradients)]
    value = np.array(of.gradients[name].value)
    value.flat[of.draft.seed % value.size] += 1.0 + float(np.abs(value).max())
    found = of.judged({other: truth.value for other, truth in of.gradients.items()} | {name: value})
    if next(f for f in found.findings if f.gradient == name).right:
        raise Wrong(Fault(route, "calls a wrong gradient right", name))
    _readable(found, route)


def _emitted(of: Subject, route: str) -> None:
    _all_right(of.judged(of.code(style="plain").gradients(of.data)), route)


def _readable(found: Diagnosis, route: str) -> None:
    if not str(found) or not found.json()["findings"]:
        raise Wrong(Fault(route, "is empty", ""))
