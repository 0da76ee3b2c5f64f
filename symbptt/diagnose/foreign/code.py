"""Diagnose a function in somebody's Python file: run it in every layout that is open, take the one that fits, and judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from symbptt.diagnose.causes import Cause
from symbptt.diagnose.check import diagnosed
from symbptt.diagnose.diagnosis import Diagnosis
from symbptt.diagnose.findings import WRONG, Finding, Suspect
from symbptt.diagnose.foreign import mapping, signature
from symbptt.diagnose.foreign.guarded import Limits as Limits
from symbptt.diagnose.foreign.mapping import Table
from symbptt.diagnose.foreign.plans import Plan, call, guess
from symbptt.diagnose.foreign.results import results
from symbptt.diagnose.foreign.session import Attempt, Session, loss, outputs_agree
from symbptt.model.read import load
from symbptt.model.values import Model


def file(
    model: Model | str, path: Path | str, function: str | None = None, table: Table | Path | str | None = None,
    limits: Limits | None = None,
) -> Diagnosis:
    """Diagnose the gradients that a function of a file returns.

    `table` is a mapping or the path of one. Raises BadInput if the file cannot be read or the names cannot be guessed; whatever
    the function does when it runs is a note in the diagnosis.
    """
    known = load(model) if isinstance(model, str) else model
    source = signature.source(path)
    read = mapping.file(table, known) if isinstance(table, (Path, str)) else table or Table()
    made = call(source, function, read, known)
    session = Session(known, Path(path), made, read, limits or Limits(), guess(source, read, known))
    best = session.best()
    return _diagnosis(session, best)


def _diagnosis(session: Session, best: Attempt | None) -> Diagnosis:
    assert session.run is not None
    name = f"{session.path.name}: {session.call.function.name}"
    notes = list(_ran(session, name))
    model = session.point(1 if best is None else best.plan.data.N)[1].program.model
    if best is None:
        return Diagnosis(model, (), tuple(notes), failed=True)
    notes += [*([f"{name} raised {best.answer.fault}"] if best.answer.fault else [])]
    notes += [f"{name}: {what} was refused" for what in best.answer.refused]
    notes += [f"{session.path.name}, outside functions: {what}, and was left out" for what in best.answer.skipped]
    if not best.found.gradients:
        if not best.answer.fault:
            shown = ", ".join(f"{n} ({k})" for n, k in best.answer.kinds.items()) or "nothing"
            notes.append(f"{name} returned no gradient that can be recognised, but {shown}; name them with returns = [...]")
        return Diagnosis(model, (), tuple(notes), failed=True)
    notes.insert(0, f"called {session.call.function.name} with {best.plan.layout.words}{_order(best.plan)}")
    notes += [f"{name} returned {n}, which is no gradient of {model.name}" for n in best.found.unknown]
    notes += _about_forward(best, name)
    found = diagnosed(best.case, best.found.gradients, {})
    findings = tuple(_again(best, f, session) for f in found)
    return Diagnosis(model, findings, tuple(notes))


def _ran(session: Session, name: str) -> Iterator[str]:
    run = session.run
    assert run is not None
    if run.ended:
        yield f"{name} did not come back: {run.ended}"
    if run.files:
        yield f"{name} wrote files, which are thrown away: {', '.join(run.files[:3])}"
    if run.printed:
        first = (run.printed.strip().splitlines() or ["blanks"])[0]
        yield f"{name} printed, which is not shown: {first[:60]}"


def _order(plan: Plan) -> str:
    blocks = [plan.meaning(m) for m in plan.call.meanings.values() if m.kind == "blocks" and len(m.blocks) > 1]
    return f", gates in the order {', '.join(row[0] for row in blocks[0].blocks)}" if blocks else ""


def _about_forward(best: Attempt, name: str) -> Iterator[str]:
    if outputs_agree(best.plan, best.case, best.answer) is False:
        forward = best.plan.call.forward
        yield f"{forward.name if forward else name} does not return the model's values: look at the forward pass first"
    right = loss(best.case)
    if best.found.loss is not None and right is not None and not best.score[0]:
        yield (f"{name} returned the loss {best.found.loss:.8g}, the model's is {right:.8g}: its forward pass or its loss is "
               "another, so look there first")


def _again(best: Attempt, finding: Finding, session: Session) -> Finding:
    """A finding on the first call, changed if a second call with the same arguments gave other numbers."""
    if not best.answer.again:
        return finding
    second = results(best.plan, best.answer.again, {}, session.guesser).gradients.get(finding.gradient)
    first = best.found.gradients[finding.gradient]
    if second is None or first.dtype.kind not in "iuf" or second.shape != first.shape:
        return finding
    second = second * best.factor
    if np.allclose(second, first, rtol=1e-9, atol=1e-12, equal_nan=True):
        return finding
    what = "a second call with the same arguments gives another gradient: a buffer keeps what the first call left in it"
    fix = "Set gradients to zero at the start of each call."
    cause = Cause("stale-buffer", None, finding.gradient, 0, (("what", what), ("fix", fix)))
    return replace(finding, verdict=WRONG, suspects=(Suspect(cause, True), *finding.suspects))
