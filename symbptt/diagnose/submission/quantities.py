"""What somebody may call the adjoint that a cause concerns: dh, d_h, dhnext, delta_h ..."""

from __future__ import annotations

import re
from collections.abc import Iterator

import sympy as sp

from symbptt.algebra.nodes import TIME, Timed
from symbptt.diagnose.findings import Finding
from symbptt.diagnose.submission.calls import Call
from symbptt.diagnose.submission.guess import plain
from symbptt.model.values import Model, Role

_BEFORE = ("d", "delta", "grad", "bar", "adj", "g")
_PARAMETER = re.compile(r"(?:bias|b|W|w|weight|weights)_?(\w+)")
_CARRIED = ("next", "prev", "back", "carry", "old", "last", "later", "1", "")


def quantities(finding: Finding, theirs: str, call: Call, model: Model) -> Iterator[str]:
    """Their names of the quantity that the first certain cause of a finding concerns, the likeliest first.

    `theirs` is their name of the gradient itself. An adjoint that has no name is part of that of a value it flows to.
    """
    cause = next((s.cause for s in finding.suspects if s.certain), None)
    if cause is None:
        return
    # Where two names differ in capitals alone, as dB and db, the one in small letters is that of a value.
    known = {plain(name): name for name in call.source.stored} | {name: name for name in call.source.stored}
    if cause.subject == finding.gradient:
        # A result without a name is known by that of the argument, and the argument is stored before its gradient.
        yield from (known[start + plain(theirs)] for start in _BEFORE if start + plain(theirs) in known)
        yield theirs
        return
    carried = _CARRIED if cause.carry or cause.name == "carry-dropped" else ("", "raw")
    subjects = [cause.subject, *_read(model, cause.subject)]
    for subject in dict.fromkeys(plain(name) for s in subjects for name in (s, *_letters(s, call, model))):
        for end in carried:
            for start in _BEFORE:
                if start + subject + end in known:
                    yield known[start + subject + end]


def _made_of(model: Model, name: str) -> set[sp.MatrixSymbol]:
    """The symbols in the equation of a value."""
    return {s for e in model.all_equations if e.target.name == name for s in e.value.atoms(sp.MatrixSymbol)}


def _read(model: Model, name: str) -> Iterator[str]:
    """The values of the same step that a value is made of."""
    read = {s.name for s in _made_of(model, name) if isinstance(s, Timed) and s.step == TIME}
    yield from (v.name for v in model.of(Role.STATE, Role.LOCAL) if v.name in read and v.name != name)


def _letters(name: str, call: Call, model: Model) -> Iterator[str]:
    """What they call a gate: what their names of its biases and weights end in."""
    read = {s.name for s in _made_of(model, name)}
    for theirs, meaning in call.meanings.items():
        if meaning.kind == "blocks" and set(meaning.variables) <= read:
            yield from (m[1] for m in [_PARAMETER.fullmatch(theirs)] if m)
