"""The backward-signal experiment: a gradient multiplied again and again by W^T, as in a recurrence without its inputs.

With row vectors, as the experiment is published (N samples, H entries): dh <- dh W^T, the norm recorded after each product.
Seed 3, N = 2, H = 3, T = 20 gives 2.46841 ... 249.496, and half the matrix 1.23420 ... 2.37938e-4.
"""

from dataclasses import dataclass

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.algebra.functions import ACTIVATIONS
from symbptt.analyze.curves import top, values
from symbptt.analyze.norms import norm
from symbptt.analyze.spectrum import Spectrum, spectrum_of
from symbptt.analyze.verdict import Verdict, judge
from symbptt.errors import BadInput, UnknownName


@dataclass(frozen=True)
class Experiment:
    """`norms` after each of the T products, `start` before the first; the spectrum of the matrix, and what follows from it."""

    norms: Array
    start: float
    spectrum: Spectrum
    verdict: Verdict


def backward_signal(
    W: Array, T: int = 20, dh: Array | None = None, *, slopes: Array | None = None, gamma: float = 1.0, kind: str = "fro",
    N: int = 2, per_sample: bool = True,
) -> Experiment:
    """Multiply dh (N, H), ones by default, T times by W^T and record ||dh||; divided by N if `per_sample`.

    `slopes` (T, N, H) or (T, H) are the activation's, applied before each product, with gamma = sup |phi'| for the verdict.
    Raises BadInput for a matrix that is not square and for shapes that do not fit.
    """
    W = np.asarray(W, dtype=float)
    if W.ndim != 2 or W.shape[0] != W.shape[1]:
        raise BadInput(f"the recurrent matrix must be square, not {W.shape}")
    signal = np.ones((N, len(W))) if dh is None else np.asarray(dh, dtype=float)
    if signal.ndim != 2 or signal.shape[1] != len(W):
        raise BadInput(f"dh has shape {signal.shape}, expected (N, {len(W)})")
    if slopes is not None and (len(slopes) != T or np.shape(slopes)[-1] != len(W)):
        raise BadInput(f"slopes have shape {np.shape(slopes)}, expected ({T}, {len(W)}) or ({T}, N, {len(W)})")
    count = len(signal) if per_sample else 1
    start, found = float(norm(signal, kind)) / count, []
    with np.errstate(all="ignore"):
        for t in range(T):
            signal = (signal if slopes is None else signal * slopes[t]) @ W.T
            found.append(float(norm(signal, kind)) / count)
    made = spectrum_of("W", W)
    by = "sigma_max(W)" if slopes is None else "gamma sigma_max(W)"
    return Experiment(np.array(found), start, made, judge(np.array([start, *found]), np.full(T, gamma * made.largest), by))


def published(
    scale: float = 1.0, seed: int = 3, N: int = 2, H: int = 3, T: int = 20, kind: str = "fro", activation: str | None = None
) -> Experiment:
    """The experiment as published: W = randn(H, H) * scale after np.random.seed(seed), dh = ones((N, H)).

    With an activation the slopes are those of a forward pass h <- phi(h W + x) from zero, every x = randn(N, H).
    Raises UnknownName for an activation that is in no table.
    """
    # The legacy generator is the point: it is what the published numbers were drawn from.
    random = np.random.RandomState(seed)
    W = random.randn(H, H) * scale
    if activation is None:
        return backward_signal(W, T, N=N, kind=kind)
    if activation not in ACTIVATIONS:
        raise UnknownName("activation", activation, ACTIVATIONS)
    h, slopes = np.zeros((N, H)), []
    for _ in range(T):
        z = h @ W + random.randn(N, H)
        h = values(activation, z)
        slopes.append(values(activation, z, derivative=True))
    gamma = top(activation)
    assert gamma is not None
    return backward_signal(W, T, slopes=np.array(slopes[::-1]), gamma=gamma, N=N, kind=kind)
