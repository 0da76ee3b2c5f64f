"""C: the emitted file, compiled, against the same complex steps; where there is no compiler, nothing."""

import shutil
from collections.abc import Iterator

import numpy as np

from symbptt.fuzz.fault import Fault, Wrong
from symbptt.fuzz.subject import Check, Subject, compare

COMPILERS = ("cc", "gcc", "clang")


def missing() -> bool:
    """Whether no compiler is there."""
    return not any(map(shutil.which, COMPILERS))


def routes(of: Subject) -> Iterator[tuple[str, Check]]:
    """The one way in which C is emitted."""
    if not missing():
        yield "C code", _emitted


def _emitted(of: Subject, route: str) -> None:
    """Objective and gradients; and that nothing given is written to."""
    code = of.code(backend="c", python=True)
    before = [array.copy() for array in of.arrays()]
    compare(route, "objective", np.asarray(code.value(of.data)).real, of.value)
    of.compare_all(route, code.gradients(of.data))
    if not all(np.array_equal(a, b) for a, b in zip(before, of.arrays(), strict=True)):
        raise Wrong(Fault(route, "writes to its arguments", ""))
