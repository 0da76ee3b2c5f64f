"""One random model through every route of the pieces that are asked for."""

from collections.abc import Iterable

import numpy as np

from symbptt import compose
from symbptt.errors import SymbpttError
from symbptt.fuzz.budget import OutOfTime, within
from symbptt.fuzz.draft import Draft
from symbptt.fuzz.fault import NO_END, Fault, Verdict, Wrong
from symbptt.fuzz.pieces import PIECES
from symbptt.fuzz.subject import Subject, at
from symbptt.verify.emitted import FAULTS

PLACE = "fuzz.toml"
_SECONDS = 30.0
"""Processor time to read a model and to find its true gradients."""


def trial(draft: Draft, pieces: Iterable[str] = ("gradients",), only: str = "") -> Verdict:
    """Read the model, and send it through the pieces, or through one route of theirs `only`.

    Never raises for a fault of the stages. A route that takes more than its seconds of processor time has the fault NO_END.
    """
    route = "reader"
    try:
        with np.errstate(all="ignore"):
            with within(_SECONDS):
                model = compose.subject(draft.text(), PLACE, "fuzz")
                route = "interpreter"
                of = at(model, draft)
            for name in pieces:
                if of.finite or not PIECES[name].numbers:
                    for route, check in PIECES[name].routes(of):
                        if only in ("", route):
                            with within(PIECES[name].seconds):
                                check(of, route)
    except Wrong as wrong:
        return Verdict(wrong.fault)
    except OutOfTime as error:
        return Verdict(Fault(route, NO_END, str(error)))
    except (SymbpttError, *FAULTS) as error:
        return Verdict(Fault(route, type(error.__cause__ or error).__name__, _told(error)))
    return _agreed(of)


def _agreed(of: Subject) -> Verdict:
    return Verdict(finite=of.finite, loose=of.finite and any(truth.loose for truth in of.truths))


def _told(error: Exception) -> str:
    """The message, and for an error that no stage raises on purpose the line that it comes from."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if isinstance(error, SymbpttError) or trace is None:
        return str(error)
    return f"{error} ({trace.tb_frame.f_code.co_filename.rpartition('symbptt/')[2]}:{trace.tb_lineno})"
