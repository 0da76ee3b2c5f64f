"""Check gradients that somebody else computed."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.checks import positive
from symbptt.data.values import GROUPS, Data
from symbptt.diagnose import in_chunks
from symbptt.diagnose.case import Arrays, Case, Known, case, given
from symbptt.diagnose.diagnosis import Diagnosis
from symbptt.diagnose.findings import Finding
from symbptt.diagnose.judge import findings
from symbptt.diagnose.match import Matcher
from symbptt.errors import BadInput
from symbptt.model.read import load
from symbptt.model.values import Model


def gradients(
    model: Model | str, theirs: Arrays, *, parameters: Arrays, inputs: Arrays, targets: Arrays | None = None,
    cotangents: Arrays | None = None, states: Arrays | None = None, entries: Arrays | None = None, mask: Any = None,
    weights: Any = None, T: int | None = None, chunk: Any = None,
) -> Diagnosis:
    """Say of every gradient in `theirs` whether it is right, and if not, why.

    `theirs` maps names (W_hh or dW_hh; h or h0 for an initial state) to arrays; `entries` maps names to single known numbers,
    rows of indices and a value. The other arrays have the shapes of the emitted code: inputs and targets (T, N, ...), states
    (N, ...), zero if left out; the axis of one sample may be left out. With `cotangents` (T, N, ...) of outputs in place of
    targets the gradients are those of sum(cotangents * outputs); cotangents left out are zero. T is the number of steps, where
    no array tells it. With `chunk` the causes are those of code that takes so many tokens in one step: the equations are those
    of the chunk form.
    Raises BadInput if the arrays do not fit the model; a gradient that does not fit is a finding.
    """
    model = load(model) if isinstance(model, str) else model
    if not theirs and not entries:
        raise BadInput("no gradients to check")
    made = case(
        model, parameters=parameters, inputs=inputs, targets=targets, cotangents=cotangents, states=states, mask=mask,
        weights=weights, T=T,
    )
    if chunk is not None:
        found = in_chunks.diagnosed(made, positive(chunk, "the chunk"), theirs, entries or {})
        return Diagnosis(in_chunks.form(made.backward.model), found)
    return Diagnosis(made.backward.model, diagnosed(made, theirs, entries or {}))


def at_point(model: Model, theirs: Arrays, at: Data) -> Diagnosis:
    """The same at data that were drawn."""
    return gradients(model, theirs, T=at.T, **dict(zip(GROUPS, at.groups, strict=True)))


def equal(made: Known, theirs: Arrays, numbers: dict[str, Array] | None = None) -> frozenset[str]:
    """The gradients that are right as they are, or that have other numbers, if given."""
    compared, _ = given(made, theirs, {})
    if not compared:
        return frozenset()
    matcher = Matcher.of(compared, made.right)
    right = matcher.equal(matcher.truth if numbers is None else matcher.vector(numbers))
    return frozenset(g.name for g, ok in zip(compared, right, strict=True) if ok and g.unsummed is None and not g.layout)


def diagnosed(
    made: Case, theirs: Arrays, entries: Arrays, shorter: Iterable[tuple[Case, Arrays]] = (), deep: bool = True,
) -> tuple[Finding, ...]:
    """The findings on gradients at a point, in the order of the model's variables.

    `shorter` has the gradients of the same code for its first steps alone, asked for only where they are needed.
    Unless it goes `deep` only single mistakes are looked for that explain all of them.
    """
    compared, strange = given(made, theirs, entries)
    first = ((case, given(case, gradients, {})[0]) for case, gradients in shorter)
    with np.errstate(all="ignore"):  # a hypothesis may divide by zero; it is no hypothesis then
        found = {f.gradient: f for f in (*findings(made, compared, first, deep), *strange)}
    return tuple(found[v.name] for v in made.backward.model.variables if v.name in found)
