"""Targets: one module for each that can be run here, with the same numbers from all to eleven digits."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from symbptt.emit.source_file import BACKENDS
from symbptt.emit.targets import TARGETS
from symbptt.fuzz.pieces import backends, compiled
from symbptt.fuzz.subject import Check, Subject, compare
from symbptt.verify.rounding import Truth

_AGREE = 1e-11
"""Of the largest entry, or of one where all are small."""


def routes(of: Subject) -> Iterator[tuple[str, Check]]:
    """One for every target, all against the same complex steps."""
    absent = (*backends.missing(), *(TARGETS if compiled.missing() else ()))
    yield from ((f"{name} target", _agreeing(name)) for name in BACKENDS if name not in absent)


def _agreeing(backend: str) -> Check:
    """Objective and gradients of the code as it is emitted without options."""
    def check(of: Subject, route: str) -> None:
        code = of.code(backend=backend, python=backend in TARGETS)
        sharp = replace(of, value=_sharp(of.value), gradients={name: _sharp(truth) for name, truth in of.gradients.items()})
        compare(route, "objective", np.asarray(code.value(of.data)).real, sharp.value)
        sharp.compare_all(route, code.gradients(of.data))

    return check


def _sharp(truth: Truth) -> Truth:
    """The truth with no more allowed than that many digits, and the rounding of what is ill-conditioned."""
    largest = max(1.0, float(np.abs(truth.value).max(initial=0.0)))
    return replace(truth, allowed=np.asarray(max(_AGREE * largest, truth.rounding)))
