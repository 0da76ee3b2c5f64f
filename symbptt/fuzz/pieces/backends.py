"""Backends: code for every array library that is installed, in every style, against the same complex steps."""

from collections.abc import Iterator
from importlib.util import find_spec

from symbptt.emit.source_file import FRAMEWORKS
from symbptt.fuzz.pieces.gradients import emitting, numpy
from symbptt.fuzz.subject import Check, Subject


def missing() -> tuple[str, ...]:
    """The array libraries that are not installed, so that their code is left out."""
    return tuple(name for name in FRAMEWORKS if find_spec(name) is None)


def routes(of: Subject) -> Iterator[tuple[str, Check]]:
    """NumPy code of every kind, and the modules of the frameworks, which have loops only."""
    yield from numpy(of)
    absent = missing()
    yield from ((f"{name} code", emitting({"backend": name})) for name in FRAMEWORKS if name not in absent)
