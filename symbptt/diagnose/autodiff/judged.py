"""Diagnose a function of PyTorch or JAX: its gradients are read off for cotangents that are drawn here."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.derive.numeric import in_own_shape
from symbptt.diagnose.autodiff.declared import declared
from symbptt.diagnose.autodiff.precision import UNITS, Low, nudged
from symbptt.diagnose.autodiff.runner import Local, Runner, opened
from symbptt.diagnose.autodiff.runner import limits as usual
from symbptt.diagnose.autodiff.session import Functions, unlike_twins
from symbptt.diagnose.diagnosis import Diagnosis
from symbptt.diagnose.submission import code, mapping
from symbptt.diagnose.submission.agreement import Forward
from symbptt.diagnose.submission.chunks import in_steps
from symbptt.diagnose.submission.mapping import Table
from symbptt.diagnose.submission.session import Attempt
from symbptt.guard.door import Limits
from symbptt.model.read import load
from symbptt.model.values import Model

_HEADS = ("B T heads D", "B heads T D")
"""Axes of sequences in kernels of heads."""


def package(
    model: Model | str, target: str, table: Table | Path | str | None = None, limits: Limits | None = None,
    paths: Sequence[str] = (), wrt: Sequence[str] = (), chunk: int | None = None,
) -> Diagnosis:
    """Diagnose package.module:Name, a torch.autograd.Function or a function of PyTorch, JAX or NumPy, behind the guard.

    `paths` are folders beside those of Python in which the package is looked for; `chunk` is the number of tokens
    that it takes in one step. One of NumPy returns gradients, as the functions of a file do. Raises
    BadInput if it cannot be found, or if names can neither be looked up nor guessed.
    """
    known = load(model) if isinstance(model, str) else model
    read = in_steps(_read(table, known, wrt), known, chunk)
    closing: list[str] = []
    with opened(target, paths, read.library, limits or usual(), closing) as runner:
        found = _diagnosed(known, runner, read) if runner.facts.library else None
    if found is None:
        return code.file(known, runner.facts.file, target.partition(":")[2], replace(read, library=""), limits)
    return replace(found, notes=(*found.notes, *closing, f"{target} ran behind {runner.protections}"))


def function(
    model: Model | str, given: Callable[..., Any], table: Table | Path | str | None = None, chunk: int | None = None
) -> Diagnosis:
    """The same of a function in this process, which must be one of PyTorch or JAX."""
    known = load(model) if isinstance(model, str) else model
    read = in_steps(_read(table, known, ()), known, chunk)
    return _diagnosed(known, Local.of(given, read.library), read)


def _read(table: Table | Path | str | None, model: Model, wrt: Sequence[str]) -> Table:
    read = mapping.file(table, model) if isinstance(table, (Path, str)) else table or Table()
    return replace(read, wrt=mapping.asked(wrt, model, "wrt")) if wrt else read


def _diagnosed(model: Model, runner: Runner, table: Table) -> Diagnosis:
    made = declared(runner.name, runner.facts, table, model)
    session, best = _with_heads(Functions(model, runner, made, table, "float64"), runner)
    table = session.table
    kind = table.dtype if table.dtype in UNITS else ""
    alone = (best is None or not best.found.gradients) and bool(kind)
    if alone:
        session = Functions(model, runner, made, table, kind)
        best = session.best()
    found = code.diagnosis(session, best)
    if best is None or not best.found.gradients or found.failed:
        return found
    for name, other in unlike_twins(best):
        differ = f"The gradients of {other} and {name}, which are added to each other, are not the same: they must be."
        found = replace(found, opening=(*found.opening, differ), failed=True)
    if session.passed:
        which = ", ".join(sorted(session.passed))
        passed = f"nothing flows back from the results {which}: name them with returns = [...]"
        found = replace(found, notes=(*found.notes, passed))
    if kind and not alone:
        found = _in_low_precision(found, session, Functions(model, runner, made, table, kind), best)
    if alone:
        found = replace(found, notes=(*found.notes, f"it runs in {kind} alone: judged with the tolerance of single precision"))
    return _about_forward(found, session, best)


def _with_heads(session: Functions, runner: Runner) -> tuple[Functions, Attempt | None]:
    """The attempt that fits best; where none gives gradients and no axes are said, those of heads are tried too."""
    best = session.best()
    if (best is None or not best.found.gradients) and session.table.layout.axes is None and session.run and not session.run.ended:
        tables = (replace(session.table, layout=replace(session.table.layout, axes=axes)) for axes in _HEADS)
        others = [Functions(session.model, runner, session.calls, table, session.kind) for table in tables]
        found = [(o, a) for o in others if (a := o.best()) is not None and a.found.gradients]
        return max(found, key=lambda pair: pair[1].fits, default=(session, best))
    return session, best


def _in_low_precision(found: Diagnosis, double: Functions, low: Functions, best: Attempt) -> Diagnosis:
    theirs, fault = low.gradients(best.plan)
    if not theirs:
        return replace(found, notes=(*found.notes, f"in {low.kind} it raised {fault}"), failed=True)
    moved, _ = double.gradients(replace(best.plan, data=nudged(best.plan.data, low.kind)))
    compared = Low.of(low.kind, theirs, best.found.gradients, moved, best.plan.data.T)
    return replace(found, findings=tuple(compared.judged(f) for f in found.findings), notes=(*found.notes, compared.note))


def _about_forward(found: Diagnosis, session: Functions, best: Attempt) -> Diagnosis:
    """Where the forward pass is not the model's: that first, and whether the gradients are those of their own forward pass."""
    first = _at_the_end(best)
    if best.fit.forward is not Forward.DIFFERS and not first:
        return found
    opening = found.opening or (first,)
    if "not-deterministic" in found.causes:
        return replace(found, opening=opening)
    own = session.fits_itself(best)
    good, bad = ([n for n, fits in own.items() if fits is side] for side in (True, False))
    told = [f"{', '.join(good)} {'is' if len(good) == 1 else 'are'} right for it"] if good else []
    told += [f"{', '.join(bad)} {'is' if len(bad) == 1 else 'are'} wrong for it too"] if bad else []
    sentence = f"Of their own forward pass, by central differences: {'; '.join(told) or 'nothing could be measured'}."
    return replace(found, opening=(*opening, sentence))


def _at_the_end(best: Attempt) -> str:
    """The first value of the last step that is not the model's, among the results that are of the last step alone."""
    known = best.case.point
    for name, array in best.answer.before.items():
        if not name.endswith(" at T"):
            continue
        variable = best.plan.model[name.removesuffix(" at T")]
        value = known.run.values.leaves[variable.at(known.T)]
        right: Array = in_own_shape(variable, np.broadcast_to(value, (known.N, *value.shape[-2:]))[None], 2, known.values)[0]
        close = (1e-4 if array.dtype == np.float32 else 1e-6) * float(np.abs(right).max(initial=1e-3))
        if array.shape != right.shape or np.allclose(array, right, rtol=0, atol=close):
            continue
        off = np.unravel_index(int(np.argmax(np.abs(array - right))), right.shape)
        place = ", ".join(str(int(i) + 1) for i in off)
        return (f"The forward pass is not the model's: {variable.name} at step {known.T} is {array[off]:.6g}, "
                f"the model's is {right[off]:.6g} (sample and entry {place}).")
    return ""
