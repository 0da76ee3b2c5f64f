"""Diagnose a function in somebody's Python file: run it in every layout that is open, take the one that fits, and judge."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from symbptt.algebra.evaluate import Array
from symbptt.diagnose import factors, in_chunks
from symbptt.diagnose.case import Case
from symbptt.diagnose.check import diagnosed
from symbptt.diagnose.diagnosis import Diagnosis
from symbptt.diagnose.findings import WRONG, Finding, Suspect
from symbptt.diagnose.submission import mapping, remarks, second_look, signature, source_lines
from symbptt.diagnose.submission.agreement import Forward, counts
from symbptt.diagnose.submission.arguments import calls
from symbptt.diagnose.submission.chunks import in_steps
from symbptt.diagnose.submission.guarded import Limits as Limits
from symbptt.diagnose.submission.mapping import Table
from symbptt.diagnose.submission.probing import probed
from symbptt.diagnose.submission.quantities import first, quantities
from symbptt.diagnose.submission.session import Attempt, Session
from symbptt.diagnose.submission.unclipped import about_bounds, unclipped
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
    return run(session)


Judgement = tuple[Attempt, tuple[Finding, ...], tuple[str, ...]]
"""The attempt that was judged, what was found of each gradient, and what is said first."""


def judged(session: Session, best: Attempt, name: str) -> Judgement:
    """What is found of an attempt that fits: mistakes of the table, or else what calls at other data show."""
    found = tuple(second_look.called_twice(best, f) for f in _findings(best, session))
    opening = remarks.opening(best, name)
    if not opening and all(f.right for f in found) and (more := second_look.longer(session, best)) is not best:
        few, best = best.plan.data.T, more
        found = tuple(second_look.called_twice(best, f) for f in _findings(best, session))
        opening = (f"With {few} steps all gradients are right. With {best.plan.data.T} they are not, as is shown here.",)
    if best.fit.differs:
        return best, *of_other_pass(best, found, opening)
    if session.table.chunk is None:
        if session.of_file:
            found = unclipped(session, best, found, _findings)
        found = probed(session, best, best.fit.way, found)
    return best, found, opening


def of_other_pass(
    best: Attempt, found: tuple[Finding, ...], opening: tuple[str, ...]
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """What is found, and said first, where the forward pass is another than the model's: certain causes only."""
    found = tuple(replace(f, suspects=tuple(s for s in f.suspects if s.certain)) for f in found)
    # Exact causes presume the model's forward pass: what was seen is a value that was changed afterwards.
    explained = not best.fit.wrong_loss and all(f.right or (f.verdict == WRONG and f.certain) for f in found)
    return found, () if explained else opening


Judge = Callable[[Session, Attempt, str], Judgement]


def run(session: Session, judge: Judge = judged) -> Diagnosis:
    """The diagnosis of a function that is called behind the guard."""
    best = session.best()
    if (best is None or not best.found.gradients) and (classes := session.with_classes()) is not None:
        other = classes.best()
        session, best = (classes, other) if other is not None and other.found.gradients else (session, best)
    found = diagnosis(session, best, judge)
    assert session.run is not None
    return replace(found, notes=(*found.notes, f"{plain(session.path.name)} ran behind {session.run.protections}"))


def diagnosis(session: Session, best: Attempt | None, judge: Judge = judged) -> Diagnosis:
    """What the runs of a session say, where `judge` looks for mistakes."""
    assert session.run is not None
    name = f"{plain(session.path.name)}: {session.call.function.full}"
    notes = list(remarks.ran(session, name))
    if best is None:
        return Diagnosis(session.model, (), tuple(notes), failed=True)
    model, chunk = best.case.model, session.table.chunk
    notes += remarks.about_answer(session, best, name)
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
        notes.append(remarks.undecided(best, session.rivals[0]))
        return Diagnosis(model, (), tuple(notes), failed=True, opening=remarks.opening(best, name))
    if absent := _absent(best):
        notes.append(f"{name} takes nothing that stands for {', '.join(absent)}, which its gradients depend on; say which "
                     f'argument or attribute it is in a mapping: [names] NAME = "{absent[0]}"')
        return Diagnosis(model, (), tuple(notes), failed=True)
    notes.insert(0, f"called {session.call.function.full} with {best.plan.layout.words}{remarks.order(best.plan)}")
    if session.alike:
        other = session.alike[0].plan.layout.words
        notes.append(f"shapes and values do not rule out {other}; if that is meant, say so in a mapping")
    asked = session.table.wrt or expected(best)
    best, found, opening = judge(session, best, name)
    model = model if chunk is None else in_chunks.form(model)
    findings = tuple(_placed(best, f, session) for f in found if not session.table.wrt or f.gradient in asked)
    missing = tuple(n for n in asked if n not in {f.gradient for f in findings})
    if missing:
        notes.append(f"not judged, since {name} did not return {'it' if len(missing) == 1 else 'them'}: {', '.join(missing)}; "
                     "name what is asked for with --wrt, or with wrt = [...] in a mapping, and results with returns = [...]")
    if session.larger is not None:
        missing = (*missing, "several samples")
        notes.append(remarks.of_one(session.larger, best, name))
    if all(f.right for f in findings):
        notes += about_bounds(session)
        return Diagnosis(model, findings, tuple(notes), unjudged=missing)
    if best.fit.forward is Forward.UNSEEN and not all(f.right or f.certain for f in findings):
        notes.append(f"no value that {name} computes on the way was recognised, so whether its forward pass is the model's is "
                     "not known; return the loss, or keep the states under a name such as hs")
    notes += remarks.about_loss(best, name)
    opening = (*opening, *_as_its_own(session, best))
    return Diagnosis(model, findings, tuple(notes), opening=opening, unjudged=missing)


def expected(best: Attempt) -> tuple[str, ...]:
    """The gradients that a function can be expected to give: of the parameters that it takes, or else of the inputs.

    One that is zero for the cotangents given is none of them: a layer without its read-out is asked for nothing behind it.
    """
    model, meanings = best.case.model, best.plan.call.meanings.values()
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
    model = best.case.model
    return [v.name for v in model.parameters if v.name not in given and v.initial is None and best.case.right[v.name].any()]


def _as_its_own(session: Session, best: Attempt) -> Iterator[str]:
    """What is said of gradients as those of the forward pass that they belong to."""
    found = second_look.against_own_loss(session, best) if best.fit.differs else None
    if not found:
        return
    right, wrong = ([n for n, ok in found.items() if ok is sure] for sure in (True, False))
    if not wrong:
        yield "They are the gradients of the loss that it returns itself, by central differences: its backward pass is right."
    else:
        also = f", those of {', '.join(right)} are" if right else ""
        yield f"By central differences of the loss that it returns, {', '.join(wrong)} are not its gradients{also}."


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
    cause, names = first(finding), quantities(finding, theirs, call, session.model, best.fit.called)
    carry, why = (False, "") if cause is None else (cause.carry, cause.name)
    number = source_lines.number(call.source, call.function.full, names, carry, why)
    found = source_lines.shown(call.source, number)
    return replace(finding, line=plain(f"{session.path.name}, {found}") if found else "", line_number=number)


def _of_mean(finding: Finding, plainly: Finding, count: int, best: Attempt) -> Finding:
    """A finding on the gradient of a mean, said of that of the sum."""
    if finding.right or not finding.certain:
        return plainly if finding.right else finding
    mean = Suspect(factors.cause(finding.gradient, 1 / count, best.case.counts), True)
    others = [s.hypothesis > 1 for s in finding.suspects]
    place = others.index(True) if True in others else len(others)
    return replace(finding, suspects=(*finding.suspects[:place], mean, *finding.suspects[place:]))
