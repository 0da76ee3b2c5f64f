"""One random model against every route."""

from __future__ import annotations

import numpy as np

from symbptt.errors import SymbpttError
from symbptt.fuzz.draft import Draft
from symbptt.fuzz.fault import Fault, Verdict, Wrong
from symbptt.fuzz.routes import routes
from symbptt.fuzz.subject import subject
from symbptt.model.read import from_text
from symbptt.verify.emitted import FAULTS

PLACE = "fuzz.toml"


def trial(draft: Draft) -> Verdict:
    """Read the model, and compare everything that can be computed from it. Never raises for a fault of the model's stages."""
    route = "reader"
    try:
        with np.errstate(all="ignore"):
            model = from_text(draft.text(), PLACE)
            route = "interpreter"
            of = subject(model, draft)
            if not all(truth.finite for truth in of.truths):
                return Verdict(finite=False)
            for route, check in routes(of):
                check(of, route)
    except Wrong as wrong:
        return Verdict(wrong.fault)
    except (SymbpttError, *FAULTS) as error:
        return Verdict(Fault(route, type(error.__cause__ or error).__name__, str(error)))
    return Verdict(loose=any(truth.loose for truth in of.truths))
