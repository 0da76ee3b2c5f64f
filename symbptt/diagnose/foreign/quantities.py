"""What somebody may call the adjoint that a cause concerns: dh, d_h, dhnext, delta_h ..."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from symbptt.diagnose.findings import Finding
from symbptt.diagnose.foreign.signature import Source
from symbptt.model.values import Model, Role

_BEFORE = ("d", "delta", "grad", "bar", "adj", "g")
_CARRIED = ("next", "prev", "back", "carry", "old", "last", "later", "1", "")


def quantities(finding: Finding, theirs: str, source: Source, model: Model) -> Iterator[str]:
    """Their names of the quantity that the first certain cause of a finding concerns, the likeliest first.

    `theirs` is their name of the gradient itself. An adjoint that has no name is part of that of a value it flows to.
    """
    cause = next((s.cause for s in finding.suspects if s.certain), None)
    if cause is None:
        return
    if cause.subject == finding.gradient:
        yield theirs
        return
    known = {_plain(name): name for name in source.stored}
    carried = _CARRIED if cause.carry or cause.name == "carry-dropped" else ("", "raw")
    for subject in (cause.subject, *_read(model, cause.subject)):
        for end in carried:
            for start in _BEFORE:
                plain = start + _plain(subject) + end
                if plain in known:
                    yield known[plain]


def _read(model: Model, name: str) -> Iterator[str]:
    """The values of the same step that a value is made of."""
    for equation in model.all_equations:
        if equation.target.name == name:
            read = {s.name for s in equation.value.atoms(sp.MatrixSymbol)}
            yield from (v.name for v in model.of(Role.STATE, Role.LOCAL) if v.name in read and v.name != name)


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
