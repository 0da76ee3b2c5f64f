"""Our backward pass inside JAX and PyTorch beside each one's own automatic differentiation of the same forward pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from statistics import median, quantiles
from typing import Any

from benchmarks.case import MODELS, SIZES, Subject, make
from benchmarks.measure import agree, makers, repeats, seconds

PAIRS = (("JAX", "symbptt in JAX", "JAX scan"), ("PyTorch", "symbptt in PyTorch", "PyTorch loop"))
"""A library, our module in it, and what it differentiates itself."""
ALONE = ("emitted", "frameworks", "jax_scan", "pytorch")
"""The files in subjects/ that this needs."""


def against_autograd(rounds: int = 15) -> Iterator[dict[str, Any]]:
    """Time and peak memory of both for the larger sizes, in single precision."""
    known = makers()
    for model in MODELS:
        for size in SIZES[1:]:
            case = make(model, size, "float32")
            made = {label: s for name in ALONE if name in known for label, s in known[name](case).items()}
            agree(case, made)
            for library, ours, theirs in PAIRS:
                if ours in made and theirs in made:
                    pair = made[ours], made[theirs]
                    yield {"model": model, "size": size, "library": library, **_times(pair, rounds), **_peaks(pair)}


def _times(pair: tuple[Subject, Subject], rounds: int) -> Mapping[str, Any]:
    """The ratio of their time to ours within a round, and our time; each round in another order."""
    often, random = [repeats(subject) for subject in pair], Random(0)
    ours, ratios = [], []
    for _ in range(rounds):
        found = {i: seconds(pair[i].call, often[i]) for i in random.sample((0, 1), 2)}
        ours.append(found[0])
        ratios.append(found[1] / found[0])
    low, _, high = quantiles(ratios, n=4)
    return {"median": median(ours), "ratio": median(ratios), "ratio_low": low, "ratio_high": high, "rounds": rounds}


def _peaks(pair: tuple[Subject, Subject]) -> Mapping[str, float]:
    """MiB at the peak of a call, results included and arguments not."""
    sizes = [subject.peak() / 2**20 if subject.peak else float("nan") for subject in pair]
    return {"peak_mib": sizes[0], "their_peak_mib": sizes[1]}
