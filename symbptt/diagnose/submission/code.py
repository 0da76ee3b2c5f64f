"""Diagnose a function in somebody's Python file: run it in every layout that is open, take the one that fits, and judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from symbptt.algebra.evaluate import Array
from symbptt.diagnose import factors, in_chunks
from symbptt.diagnose.check import diagnosed
from symbptt.diagnose.diagnosis import Diagnosis
from symbptt.diagnose.findings import WRONG, Finding, Suspect
from symbptt.diagnose.problem import Case
from symbptt.diagnose.submission import lines, mapping, repeated, signature
from symbptt.diagnose.submission.calls import calls
from symbptt.diagnose.submission.chunks import in_steps
from symbptt.diagnose.submission.fit import Forward, counts, loss
from symbptt.diagnose.submission.guarded import Limits as Limits
from symbptt.diagnose.submission.longer import longer
from symbptt.diagnose.submission.mapping import Table
from symbptt.diagnose.submission.own import against_own_loss
from symbptt.diagnose.submission.plans import Plan
from symbptt.diagnose.submission.probing import probed
from symbptt.diagnose.submission.quantities import quantities
from symbptt.diagnose.submission.results import results
from symbptt.diagnose.submission.session import Attempt, Session
from symbptt.diagnose.submission.unclipped import about_bounds, unclipped
from symbptt.diagnose.submission.witness import computed
from symbptt.errors import BadInput
from symbptt.guard.text import plain
from symbptt.model.read import load
from symbptt.model.values import Model, Role


def file(
    model: Model | str, path: Path | str, function: str | None = None, table: Table | Path | str | None = None,
    limits: Limits | None = None, wrt: Sequence[str] = (), chunk: int | None = None,
) -> Diagnosis:
    """Diagnose the gradients that a function of a file returns.

    `table` is a mapping or the path of one; `wrt` names the gradients that are asked for, all that can be expected if empty;
    `chunk` is the number of tokens that code takes in one step.
    Raises BadInput if the file cannot be read or the names cannot be guessed; whatever the function does when it runs is a note
    in the diagnosis.
    """
    known = load(model) if isinstance(model, str) else model
    source = signature.source(path)
    read = mapping.file(table, known) if isinstance(table, (Path, str)) else table or Table()
    read = in_steps(replace(read, T=read.T or source.steps), known, chunk)
    if wrt:
        read = replace(read, wrt=mapping.asked(wrt, known, "wrt"))
    session = Session(known, Path(path), calls(source, function, read, known), read, limits or Limits())
    if read.dtype or read.library:
        raise BadInput(f"{read.place}: dtype and library are for --function package.module:Name")
    best = session.best()
    if (best is None or not best.found.gradients) and (classes := session.with_classes()) is not None:
        other = classes.best()
        session, best = (classes, other) if other is not None and other.found.gradients else (session, best)
    found = diagnosis(session, best)
    assert session.run is not None
    return replace(found, notes=(*found.notes, f"{plain(session.path.name)} ran behind {session.run.protections}"))


def diagnosis(session: Session, best: Attempt | None) -> Diagnosis:
    """What the runs of a session say."""
    assert session.run is not None
    name = f"{plain(session.path.name)}: {session.call.function.full}"
    notes = list(_ran(session, name))
    if best is None:
        return Diagnosis(session.model, (), tuple(notes), failed=True)
    model, chunk = best.case.program.model, session.table.chunk
    notes += _about_answer(session, best, name)
    if session.run.ended and not best.fits and best.found.gradients:
        notes.append(f"{session.tried} layouts were tried by then and none fits: name the layout in a mapping, or give more time")
        return Diagnosis(model, (), tuple(notes), failed=True)
    if not best.found.gradients:
        if not best.answer.fault:
            shown = ", ".join(f"{n} ({k})" for n, k in best.answer.kinds.items()) or "nothing"
            what = f"{name} returned no gradient that can be recognised, but {shown}"
            notes.append(f'{what}; name the results in their order in a mapping: returns = ["loss", "W", ...]')
        return Diagnosis(model, (), tuple(notes), failed=True)
    if session.rivals:
        return Diagnosis(model, (), (*notes, _undecided(best, session.rivals[0])), failed=True, opening=_opening(best, name))
    if absent := _absent(best):
        notes.append(f"{name} takes nothing that stands for {', '.join(absent)}, which its gradients depend on; say which "
                     f'argument or attribute it is in a mapping: [names] NAME = "{absent[0]}"')
        return Diagnosis(model, (), tuple(notes), failed=True)
    notes.insert(0, f"called {session.call.function.full} with {best.plan.layout.words}{_order(best.plan)}")
    if session.alike:
        other = session.alike[0].plan.layout.words
        notes.append(f"shapes and values do not rule out {other}; if that is meant, say so in a mapping")
    asked = session.table.wrt or expected(best)
    found = tuple(_again(best, f) for f in _findings(best, session))
    opening = _opening(best, name)
    if not opening and all(f.right for f in found) and (more := longer(session, best)) is not best:
        few, best = best.plan.data.T, more
        found = tuple(_again(best, f) for f in _findings(best, session))
        opening = (f"With {few} steps all gradients are right. With {best.plan.data.T} they are not, as is shown here.",)
    if best.fit.differs:
        found = tuple(replace(f, suspects=tuple(s for s in f.suspects if s.certain)) for f in found)
        if not best.fit.wrong_loss and all(f.right or (f.verdict == WRONG and f.certain) for f in found):
            # Exact causes presume the model's forward pass: what was seen is a value that was changed afterwards.
            opening = ()
    elif chunk is None:
        if session.of_file:
            found = unclipped(session, best, found, _findings)
        found = probed(session, best, best.fit.way, found)
    model = model if chunk is None else in_chunks.form(model)
    findings = tuple(_placed(best, f, session) for f in found if not session.table.wrt or f.gradient in asked)
    missing = tuple(n for n in asked if n not in {f.gradient for f in findings})
    if missing:
        notes.append(f"not judged, since {name} did not return {'it' if len(missing) == 1 else 'them'}: {', '.join(missing)}; "
                     "name what is asked for with --wrt, or with wrt = [...] in a mapping, and results with returns = [...]")
    if session.larger is not None:
        missing = (*missing, "several samples")
        notes.append(_of_one(session.larger, best, name))
    if all(f.right for f in findings):
        notes += about_bounds(session)
        return Diagnosis(model, findings, tuple(notes), unjudged=missing)
    if best.fit.forward is Forward.UNSEEN and not all(f.right or f.certain for f in findings):
        notes.append(f"no value that {name} computes on the way was recognised, so whether its forward pass is the model's is "
                     "not known; return the loss, or keep the states under a name such as hs")
    notes += _about_loss(best, name)
    opening = (*opening, *_as_its_own(session, best))
    return Diagnosis(model, findings, tuple(notes), opening=opening, unjudged=missing)


def expected(best: Attempt) -> tuple[str, ...]:
    """The gradients that a function can be expected to give: of the parameters that it takes, or else of the inputs.

    One that is zero for the cotangents given is none of them: a layer without its read-out is asked for nothing behind it.
    """
    model, meanings = best.case.program.model, best.plan.call.meanings.values()
    whole = {m.name for m in meanings if m.kind == "group"}
    taken = {v for m in meanings if m.kind in ("blocks", "sequence", "out") for v in m.variables}
    for role, group in ((Role.PARAMETER, "parameters"), (Role.INPUT, "inputs")):
        names = tuple(v.name for v in model.of(role) if v.name in best.case.right and (v.name in taken or group in whole))
        if names:
            return tuple(n for n in names if best.case.right[n].any())
    return ()


def _absent(best: Attempt) -> list[str]:
    """Parameters that the gradients depend on and that their function is not given."""
    meanings = best.plan.call.meanings.values()
    if any(m.kind == "group" and m.name == "parameters" for m in meanings):
        return []
    given = {v for m in meanings if m.kind == "blocks" for v in m.variables}
    model = best.case.program.model
    return [v.name for v in model.parameters if v.name not in given and v.initial is None and best.case.right[v.name].any()]


def _undecided(best: Attempt, rival: Attempt) -> str:
    def told(attempt: Attempt) -> str:
        right = ", ".join(sorted(attempt.fit.right)) or "no gradient"
        last = ", the last step alone" if attempt.plan.last else ""
        classes = ", one-hot targets" if attempt.plan.layout.classes is False else ""
        return f"{attempt.plan.layout.words}{last}{classes}{_order(attempt.plan)}: {right} right"

    return (f"two layouts fit and give different verdicts, {told(best)}; {told(rival)}. Say which is meant in a mapping, "
            f'as axes = "{best.plan.layout.axes}", layout = "{best.plan.layout.weights}"')


def _opening(best: Attempt, name: str) -> tuple[str, ...]:
    """What is said first: that the forward pass is another already."""
    if not best.fit.differs:
        return ()
    if best.fit.first is not None:
        return (f"The forward pass of {name} is not the model's: {best.fit.first}. Mend that first: the gradients below are "
                "compared with those of the model's forward pass, and no causes are guessed.",)
    right, given = loss(best.case), best.found.loss
    if given is None or right is None:
        return (f"The forward pass of {name} is not the model's: look there first.",)
    return (f"{name} returned the loss {given:.8g}, the model's is {right:.8g}: its forward pass or its loss is another, so "
            "look there first.",)


def _as_its_own(session: Session, best: Attempt) -> Iterator[str]:
    """What is said of gradients as those of the forward pass that they belong to."""
    found = against_own_loss(session, best) if best.fit.differs else None
    if not found:
        return
    right, wrong = ([n for n, ok in found.items() if ok is sure] for sure in (True, False))
    if not wrong:
        yield "They are the gradients of the loss that it returns itself, by central differences: its backward pass is right."
    else:
        also = f", those of {', '.join(right)} are" if right else ""
        yield f"By central differences of the loss that it returns, {', '.join(wrong)} are not its gradients{also}."


def _of_one(larger: Attempt, best: Attempt, name: str) -> str:
    """What is said of a function that takes several samples and is the model for one."""
    first = f": {larger.fit.first}" if larger.fit.first is not None else ""
    return (f"{name} was judged for one sample. With {larger.plan.data.N} samples it runs too, but its forward pass is not the "
            f'model\'s{first}; if it is meant for one sample, say so in a mapping: axes = "{best.plan.layout.axes}"')


def _findings(best: Attempt, session: Session) -> tuple[Finding, ...]:
    """The findings; where the loss that came back is a mean, the mistakes are looked for in gradients of the mean."""
    theirs, chunk = best.found.gradients, session.table.chunk
    if chunk is not None:
        return in_chunks.diagnosed(best.case, chunk, theirs, {}, not best.fit.differs)
    found = diagnosed(best.case, theirs, {}, _shorter(best, session, session.table.loss), not best.fit.differs)
    way = best.fit.way or "sum"
    if way == "sum" or session.table.loss != "sum" or all(f.verdict != WRONG for f in found):
        return found
    count = counts(best.plan.data.T, best.plan.data.N)[way]
    meant = diagnosed(session.case(best.plan, way), theirs, {}, _shorter(best, session, way), not best.fit.differs)
    if sum(f.right or f.certain for f in meant) < sum(f.right or f.certain for f in found):
        return found
    return tuple(_of_mean(f, old, count, best) for f, old in zip(meant, found, strict=True))


def _shorter(best: Attempt, session: Session, way: str) -> Iterator[tuple[Case, Mapping[str, Array]]]:
    """The gradients that the function gives for the first step and for the first two."""
    data = [best.plan.data.first(session.model, steps) for steps in (1, 2) if steps < best.plan.data.T]
    for part, gradients in zip(data, session.ask(best.plan, data), strict=False):
        yield session.right(replace(best.plan, data=part), way), gradients


def _placed(best: Attempt, finding: Finding, session: Session) -> Finding:
    """A finding with the line that computes what is wrong."""
    theirs = best.found.names.get(finding.gradient)
    if finding.right or finding.line or theirs is None:
        return finding
    call = best.plan.call
    number = lines.number(call.source, call.function.name, quantities(finding, theirs, call, session.model))
    found = lines.shown(call.source, number)
    return replace(finding, line=plain(f"{session.path.name}, {found}") if found else "", line_number=number)


def _of_mean(finding: Finding, plainly: Finding, count: int, best: Attempt) -> Finding:
    """A finding on the gradient of a mean, said of that of the sum."""
    if finding.right or not finding.certain:
        return plainly if finding.right else finding
    mean = Suspect(factors.cause(finding.gradient, 1 / count, best.case.counts), True)
    others = [s.hypothesis > 1 for s in finding.suspects]
    place = others.index(True) if True in others else len(others)
    return replace(finding, suspects=(*finding.suspects[:place], mean, *finding.suspects[place:]))


def _ran(session: Session, name: str) -> Iterator[str]:
    run = session.run
    assert run is not None
    if run.ended:
        yield f"{name} did not come back: {run.ended}"
    if run.files:
        yield f"{name} wrote files, which are thrown away: {', '.join(run.files[:3])}"
    if run.printed:
        yield f"{name} printed, which is not shown: {run.printed[:60]}"


def _about_answer(session: Session, best: Attempt, name: str) -> Iterator[str]:
    answer = best.answer
    if answer.fault:
        yield f"{name} raised {answer.fault}"
    for what in answer.refused:
        yield f"{name}: {what} was refused"
    for what in answer.skipped:
        yield f"{plain(session.path.name)}, outside functions: {what}, and was left out"
    if answer.changed:
        yield f"{name} changes its {'argument' if len(answer.changed) == 1 else 'arguments'} {', '.join(answer.changed)} in place"
    if best.found.listed:
        yield f"{name} returned lists of one gradient per step, {', '.join(best.found.listed)}, which were added up"
    if best.found.gradients:
        for n in (n for n in best.found.unknown if n not in answer.first or not computed(best.case, answer.first[n])):
            yield f"{name} returned {n}, which is no gradient of {best.case.program.model.name} that can be recognised"


def _order(plan: Plan) -> str:
    blocks = [plan.meaning(m) for m in plan.call.meanings.values() if m.kind == "blocks" and len(m.blocks) > 1]
    return f", gates in the order {', '.join(' '.join(row) for row in blocks[0].blocks)}" if blocks else ""


def _about_loss(best: Attempt, name: str) -> Iterator[str]:
    if best.fit.way not in (None, "sum"):
        yield f'{name} returned the loss as a {best.fit.way}; if that is meant, say loss = "{best.fit.way}" in a mapping'


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
