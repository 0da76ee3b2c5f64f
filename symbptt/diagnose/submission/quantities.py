"""What somebody may call the adjoint that a cause concerns: dh, d_h, dhnext, delta_h ..."""

import re
from collections.abc import Iterator, Mapping

import sympy as sp

from symbptt.algebra.nodes import TIME, Timed
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.findings import Finding
from symbptt.diagnose.submission.arguments import Call
from symbptt.diagnose.submission.guess import plain
from symbptt.model.values import Model, Role

_BEFORE = ("d", "delta", "grad", "bar", "adj", "g")
_PARAMETER = re.compile(r"(?:bias|b|W|w|weight|weights)_?(\w+)")
_CARRIED = ("next", "prev", "back", "carry", "old", "last", "later", "1", "", "t")
_CARRIES = ("carry", "dcarry", "dnext", "dprev")
"""What the adjoint of the only state is called on its way to the step before."""
_ENDS = ("", "t", "raw")
_FORWARD = ("initial-state-ignored",)
"""Causes that lie in the forward pass, where no line of the backward pass is wrong."""
_OF_GRADIENTS = ("step-missing", "overwritten")
"""Causes that concern whatever gradient they are found in, where they name none."""


def first(finding: Finding) -> Cause | None:
    """The first certain cause of a finding."""
    return next((s.cause for s in finding.suspects if s.certain), None)


def quantities(finding: Finding, theirs: str, call: Call, model: Model, called: Mapping[str, str]) -> Iterator[str]:
    """Their names of the quantity that the first certain cause of a finding concerns, the likeliest first.

    `theirs` is their name of the gradient itself, `called` are their names of values of the forward pass. An adjoint that has no
    name is part of that of a value it flows to.
    """
    cause = first(finding)
    if cause is None or cause.name in _FORWARD:
        return
    about = cause.target or cause.subject or (finding.gradient if cause.name in _OF_GRADIENTS else "")
    # Where two names differ in capitals alone, as dB and db, the one in small letters is that of a value.
    known = {plain(name): name for name in call.source.stored} | {name: name for name in call.source.stored}
    if about == finding.gradient:
        # A result without a name is known by that of the argument, and the argument is stored before its gradient.
        yield from (known[start + plain(theirs)] for start in _BEFORE if start + plain(theirs) in known)
        yield theirs
    if not about or about == finding.gradient:
        return
    if cause.carry and cause.name != "carry-dropped" and len(model.states) == 1:
        yield from (known[name] for name in _CARRIES if name in known)
    ends = _CARRIED if cause.carry or cause.name == "carry-dropped" else _ENDS
    subjects = [about, *_made_from(model, about)]
    spelled = (name for s in subjects for name in (s, *_letters(s, call, model), *_as_called(s, called)))
    for subject in dict.fromkeys(map(plain, spelled)):
        for end in ends:
            for start in _BEFORE:
                name = known.get(start + subject + end)
                # A carry that is computed and read by nothing is not what is wrong: what should read it is.
                if name is not None and (cause.name != "carry-dropped" or name in call.source.loaded):
                    yield name


def _as_called(name: str, called: Mapping[str, str]) -> Iterator[str]:
    """What they call a value, all steps of it and one: xs and x."""
    if name in called:
        yield called[name]
        yield called[name].removesuffix("s")


def _made_of(model: Model, name: str) -> set[sp.MatrixSymbol]:
    """The symbols in the equation of a value."""
    return {s for e in model.all_equations if e.target.name == name for s in e.value.atoms(sp.MatrixSymbol)}


def _made_from(model: Model, name: str) -> Iterator[str]:
    """The values of the same step that a value is made of, and those that one without a name of its own among them is made of."""
    read = {s.name for s in _made_of(model, name) if isinstance(s, Timed) and s.step == TIME}
    for v in model.variables:
        if v.name in read and v.name != name and v.role in (Role.STATE, Role.LOCAL, Role.INPUT):
            yield v.name
            if v.definition is not None:
                yield from _made_from(model, v.name)


def _letters(name: str, call: Call, model: Model) -> Iterator[str]:
    """What they call a gate: what their names of its biases and weights end in."""
    read = {s.name for s in _made_of(model, name)}
    for theirs, meaning in call.meanings.items():
        if meaning.kind == "blocks" and set(meaning.variables) <= read:
            yield from (m[1] for m in [_PARAMETER.fullmatch(theirs)] if m)
