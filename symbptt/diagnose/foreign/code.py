"""Diagnose a function in somebody's Python file: run it in every layout that is open, take the one that fits, and judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from symbptt.diagnose import factors
from symbptt.diagnose.check import diagnosed
from symbptt.diagnose.diagnosis import Diagnosis
from symbptt.diagnose.findings import WRONG, Finding, Suspect
from symbptt.diagnose.foreign import mapping, repeated, signature
from symbptt.diagnose.foreign.calls import calls
from symbptt.diagnose.foreign.fit import counts, loss, mean_of, outputs_agree
from symbptt.diagnose.foreign.guarded import Limits as Limits
from symbptt.diagnose.foreign.lines import line
from symbptt.diagnose.foreign.mapping import Table
from symbptt.diagnose.foreign.plans import Plan
from symbptt.diagnose.foreign.probing import probed
from symbptt.diagnose.foreign.quantities import quantities
from symbptt.diagnose.foreign.results import results
from symbptt.diagnose.foreign.session import Attempt, Session
from symbptt.guard.text import plain
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
    session = Session(known, Path(path), calls(source, function, read, known), read, limits or Limits())
    best = session.best()
    found = _diagnosis(session, best)
    assert session.run is not None
    return replace(found, notes=(*found.notes, f"{plain(session.path.name)} ran behind {session.run.protections}"))


def _diagnosis(session: Session, best: Attempt | None) -> Diagnosis:
    assert session.run is not None
    name = f"{plain(session.path.name)}: {session.call.function.name}"
    notes = list(_ran(session, name))
    if best is None:
        return Diagnosis(session.model, (), tuple(notes), failed=True)
    model = best.case.program.model
    notes += [*([f"{name} raised {best.answer.fault}"] if best.answer.fault else [])]
    notes += [f"{name}: {what} was refused" for what in best.answer.refused]
    notes += [f"{plain(session.path.name)}, outside functions: {what}, and was left out" for what in best.answer.skipped]
    if session.run.ended and not best.fits and best.found.gradients:
        notes.append(f"{session.tried} layouts were tried by then and none fits: name the layout in a mapping, or give more time")
        return Diagnosis(model, (), tuple(notes), failed=True)
    if not best.found.gradients:
        if not best.answer.fault:
            shown = ", ".join(f"{n} ({k})" for n, k in best.answer.kinds.items()) or "nothing"
            notes.append(f"{name} returned no gradient that can be recognised, but {shown}; name them with returns = [...]")
        return Diagnosis(model, (), tuple(notes), failed=True)
    notes.insert(0, f"called {session.call.function.name} with {best.plan.layout.words}{_order(best.plan)}")
    notes += [f"{name} returned {n}, which is no gradient of {model.name}" for n in best.found.unknown]
    found = probed(session, best, _way(best), tuple(_again(best, f) for f in _findings(best, session)))
    findings = tuple(_placed(best, f, session) for f in found)
    if not all(f.right for f in findings):
        notes += _about_forward(best, name)
    return Diagnosis(model, findings, tuple(notes))


def _findings(best: Attempt, session: Session) -> tuple[Finding, ...]:
    """The findings; where the loss that came back is a mean, the mistakes are looked for in gradients of the mean."""
    theirs = best.found.gradients
    found = diagnosed(best.case, theirs, {})
    way = _way(best) or "sum"
    if way == "sum" or session.table.loss != "sum" or all(f.verdict != WRONG for f in found):
        return found
    count = counts(best.plan.data.T, best.plan.data.N)[way]
    meant = diagnosed(session.case(best.plan.data, way), theirs, {})
    if sum(f.right or f.certain for f in meant) < sum(f.right or f.certain for f in found):
        return found
    return tuple(_of_mean(f, old, count, best) for f, old in zip(meant, found, strict=True))


def _placed(best: Attempt, finding: Finding, session: Session) -> Finding:
    """A finding with the line that computes what is wrong."""
    theirs = best.found.names.get(finding.gradient)
    if finding.right or theirs is None:
        return finding
    source = best.plan.call.source
    found = line(source, best.plan.call.function.name, quantities(finding, theirs, source, session.model))
    return replace(finding, line=plain(f"{session.path.name}, {found}") if found else "")


def _of_mean(finding: Finding, plainly: Finding, count: int, best: Attempt) -> Finding:
    """A finding on the gradient of a mean, said of that of the sum."""
    if finding.right or not finding.certain:
        return plainly if finding.right else finding
    mean = Suspect(factors.cause(finding.gradient, 1 / count, best.case.counts), True)
    others = [s.hypothesis > 1 for s in finding.suspects]
    place = others.index(True) if True in others else len(others)
    return replace(finding, suspects=(*finding.suspects[:place], mean, *finding.suspects[place:]))


def _way(best: Attempt) -> str | None:
    """In which way the loss that came back is the model's."""
    right, given = loss(best.case), best.found.loss
    return None if given is None or right is None else mean_of(given, right, best.case.point.T, best.case.point.N)


def _ran(session: Session, name: str) -> Iterator[str]:
    run = session.run
    assert run is not None
    if run.ended:
        yield f"{name} did not come back: {run.ended}"
    if run.files:
        yield f"{name} wrote files, which are thrown away: {', '.join(run.files[:3])}"
    if run.printed:
        yield f"{name} printed, which is not shown: {run.printed[:60]}"


def _order(plan: Plan) -> str:
    blocks = [plan.meaning(m) for m in plan.call.meanings.values() if m.kind == "blocks" and len(m.blocks) > 1]
    return f", gates in the order {', '.join(' '.join(row) for row in blocks[0].blocks)}" if blocks else ""


def _about_forward(best: Attempt, name: str) -> Iterator[str]:
    if outputs_agree(best.plan, best.case, best.answer) is False:
        forward = best.plan.call.forward
        yield f"{forward.name if forward else name} does not return the model's values: look at the forward pass first"
    right, given = loss(best.case), best.found.loss
    way = _way(best)
    if given is None or right is None:
        return
    if way is None:
        yield (f"{name} returned the loss {given:.8g}, the model's is {right:.8g}: its forward pass or its loss is another, so "
               "look there first")
    elif way != "sum":
        yield f'{name} returned the loss as a {way}; if that is meant, say loss = "{way}" in a mapping'


def _again(best: Attempt, finding: Finding) -> Finding:
    """A finding on the first call, changed if a second call with the same arguments gave other numbers."""
    if not best.answer.again:
        return finding
    second = results(best.plan, best.answer.again, {}).gradients.get(finding.gradient)
    first = best.found.gradients[finding.gradient]
    if second is None or first.dtype.kind not in "iuf" or second.shape != first.shape:
        return finding
    if repeated.equal(second, first):
        return finding
    fresh = results(best.plan, best.answer.fresh, {}).gradients.get(finding.gradient)
    cause = repeated.cause(finding.gradient, first, second, fresh)
    return replace(finding, verdict=WRONG, suspects=(Suspect(cause, True), *finding.suspects))
