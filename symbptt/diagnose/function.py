"""Somebody's function held against a model, be it of one recurrence or of several."""

from collections.abc import Callable, Sequence
from pathlib import Path

from symbptt.compose.chain import Chain
from symbptt.compose.either import Subject
from symbptt.data.values import Data
from symbptt.diagnose import composed
from symbptt.diagnose.case import Arrays
from symbptt.diagnose.check import at_point
from symbptt.diagnose.diagnosis import Diagnosis
from symbptt.diagnose.submission import code
from symbptt.diagnose.submission.drawn_data import N, draw
from symbptt.diagnose.submission.guarded import Limits
from symbptt.diagnose.submission.mapping import Table
from symbptt.model.values import Model

_JUDGES: dict[type, Callable[..., Diagnosis]] = {Model: code.file, Chain: composed.code}
_DRAWN: dict[type, Callable[..., Data]] = {Model: draw, Chain: composed.draw}
_AT: dict[type, Callable[..., Diagnosis]] = {Model: at_point, Chain: composed.at}


def file(
    model: Subject, path: Path | str, function: str | None = None, table: Table | Path | str | None = None,
    limits: Limits | None = None, wrt: Sequence[str] = (),
) -> Diagnosis:
    """Diagnose the gradients that a function of a file returns; arguments and errors as of `code.file`."""
    return _JUDGES[type(model)](model, path, function, table, limits, wrt)


def drawn(model: Subject, T: int, N: int = N) -> Data:
    """Seeded data at which a function is called."""
    return _DRAWN[type(model)](model, T, N)


def gradients(model: Subject, theirs: Arrays, at: Data) -> Diagnosis:
    """Diagnose gradients that somebody's function gave at such data; raises BadInput if there are none."""
    return _AT[type(model)](model, theirs, at)
