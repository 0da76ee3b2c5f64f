"""How well an answer fits the model: its loss, what its forward pass returned, and its gradients."""

from __future__ import annotations

from itertools import product

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.derive.numeric import to_user
from symbptt.diagnose.foreign import convert
from symbptt.diagnose.foreign.guarded import Answer
from symbptt.diagnose.foreign.mapping import LOSSES
from symbptt.diagnose.foreign.plans import Plan
from symbptt.diagnose.foreign.results import Results
from symbptt.diagnose.problem import Case
from symbptt.model.values import Role

_EQUAL = 1e-9


def score(plan: Plan, known: Case, answer: Answer, found: Results) -> tuple[int, int, float]:
    """How much of the forward pass is right, how many gradients are right, and how far the others are off (negative)."""
    if not found.gradients:
        return -1, 0, 0.0
    right_loss = loss(known)
    T, N = known.point.T, known.point.N
    fits = found.loss is not None and right_loss is not None and mean_of(found.loss, right_loss, T, N) is not None
    right, off = 0, 0.0
    for name, array in found.gradients.items():
        truth = known.right[name]
        if array.dtype.kind not in "iuf" or array.size != truth.size or not np.isfinite(array).all():
            off += 10.0
            continue
        error = float(np.abs(array.reshape(truth.shape) - truth).max() / max(np.abs(truth).max(), 1e-12))
        right += error < 1e-6
        off += min(error, 10.0)
    return int(fits) + int(outputs_agree(plan, known, answer) is True), right, -off


def counts(T: int, N: int) -> dict[str, int]:
    """What the sum over steps and samples is divided by in each of the ways of a mapping."""
    return dict(zip(LOSSES, (1, T * N, T, N), strict=True))


def mean_of(given: float, right: float, T: int, N: int) -> str | None:
    """In which of the ways of a mapping a loss is the right one, given that as a sum; None if in none."""
    return next((way for way, n in counts(T, N).items() if abs(given * n - right) <= _EQUAL * abs(right)), None)


def outputs_agree(plan: Plan, known: Case, answer: Answer) -> bool | None:
    """Whether the forward function returns a value of the model; None if it returns nothing of the shape of an output."""
    model, found = known.program.model, None
    leaves = known.point.run.values.leaves
    for v in model.of(Role.STATE, Role.LOCAL):
        values = [leaves[v.at(t)] for t in range(1, plan.data.T + 1) if v.at(t) in leaves]
        if len(values) < plan.data.T:
            continue  # computed for the loss alone, at its steps
        ours = to_user(v, np.stack([np.broadcast_to(x, (plan.data.N, *x.shape[-2:])) for x in values]), 2)
        # The softmax often belongs to the loss, and its result is returned.
        forms = [ours] if v not in model.outputs else [ours, _softmax(ours)]
        for form, theirs in product(forms, answer.before.values()):
            for wanted in (convert.sequence(form, plan.layout), convert.state(form[-1], plan.layout)):
                if theirs.shape == wanted.shape:
                    agrees = bool(np.allclose(theirs, wanted, rtol=1e-6, atol=1e-9))
                    found = True if agrees else bool(found) if v in model.outputs else found
    return found


def _softmax(array: Array) -> Array:
    e = np.exp(array - array.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def loss(known: Case) -> float | None:
    """The loss, summed over steps and samples."""
    model, point = known.program.model, known.point
    if model.loss is None:
        return None
    values = (point.weight[t - 1] * point.run.values.leaves[model.loss.target.at(t)] for t in point.losses)
    return float(sum(np.broadcast_to(v, (point.N, 1, 1)).sum() for v in values))
