"""Probes the function of somebody's file where its gradients are wrong and no cause is certain: all calls in one run."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.data.values import Data
from symbptt.diagnose.findings import SCALED, WRONG, Finding
from symbptt.diagnose.probe.probe import probe
from symbptt.diagnose.probe.trial import trial
from symbptt.diagnose.submission.session import Attempt, Session
from symbptt.errors import BadInput

MOST_STEPS = 12
"""With more steps nothing is measured: it would take long, and the map would be too large to be read."""


def probed(session: Session, best: Attempt, way: str | None, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings with what probes show of those that have no certain cause; `way` is how the loss that came back was taken."""
    open_ = [f.gradient for f in findings if f.verdict == WRONG and not f.certain]
    if not open_ or best.plan.data.T > MOST_STEPS:
        return findings
    taken = session.table.loss if session.table.loss != "sum" else way or "sum"
    factors = {f.factor for f in findings if f.verdict == SCALED}
    scale = factors.pop() if len(factors) == 1 else 1.0
    for sizes in _sizes(session, best.plan.data):
        with suppress(BadInput), np.errstate(all="ignore"):  # too large to be compared, or to be computed
            base, other = _draws(session, best.plan.data, sizes)
            found = probe(
                trial(session.model, base, other, best.case.point.losses), lambda data: session.ask(best.plan, data),
                lambda data: session.right(replace(best.plan, data=data), taken), open_, scale,
            )
            if found:
                told = any(p.table.where and (p.table.separated or not p.table.whole) for p in found.values())
                kept = (f.unguessed() if told and f.gradient in open_ else f for f in findings)
                return tuple(f.measured(found[f.gradient]) if f.gradient in found else f for f in kept)
    return findings


def _sizes(session: Session, data: Data) -> Iterator[dict[str, int]]:
    """Dimensions so large that the values of different steps are independent, then those with which it was judged."""
    own = {name: size for name, size in data.dims.items() if name in session.table.sizes}
    yield {name: data.T * data.N + 1 + i for i, name in enumerate(n for n in data.dims if n not in own)} | own
    yield dict(data.dims)


def _draws(session: Session, data: Data, sizes: dict[str, int]) -> tuple[Data, Data]:
    """Two draws, the first with classes that tell the steps apart."""
    base, other = (session.drawn(data.N, sizes, seed, data.T) for seed in (7, 8))
    return replace(base, inputs={n: _distinct(a, n in session.one_hot) for n, a in base.inputs.items()}), other


def _distinct(array: Array, one_hot: bool) -> Array:
    """Classes, or one-hot rows, that are another one at every step as far as there are enough."""
    T, N = array.shape[:2]
    steps = np.arange(T)[:, None] + np.arange(N)
    if array.dtype.kind in "iu":
        return np.asarray(steps % (int(array.max(initial=0)) + 1))
    return np.asarray(np.eye(array.shape[-1])[steps % array.shape[-1]]) if one_hot else array
