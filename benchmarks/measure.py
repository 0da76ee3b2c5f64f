"""Side by side in one process: the same case for every subject, in rounds, each round in another order."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Any, Protocol

import numpy as np

from benchmarks import subjects
from benchmarks.case import Case, Subject

SHORTEST = 4e-3
"""A measurement repeats its call until it lasts about so many seconds."""
Clocks = Sequence[Callable[[], float]]
WALL: Clocks = (perf_counter,)
ALONE: Clocks = (perf_counter, process_time)
"""For one thread."""
LIMIT = "products"
"""Subjects whose label begins so are no gradients: they give the limit."""


@dataclass(frozen=True)
class Row:
    """The time of one call in seconds: median, quartiles and the least of the rounds, and the ratio to ours in the same round."""

    model: str
    size: tuple[int, ...]
    dtype: str
    threads: int
    subject: str
    median: float
    low: float
    high: float
    least: float
    ratio: float
    ratio_low: float
    ratio_high: float
    rounds: int


OURS = "symbptt fast"


def makers() -> dict[str, Callable[[Case], Mapping[str, Subject]]]:
    """`make` of every file in subjects/ whose library is installed."""
    found: dict[str, Callable[[Case], Mapping[str, Subject]]] = {}
    for item in pkgutil.iter_modules(subjects.__path__):
        try:
            found[item.name] = importlib.import_module(f"{subjects.__name__}.{item.name}").make
        except ModuleNotFoundError as missing:
            print(f"subjects/{item.name}.py is left out: {missing.name} is not installed")
    return found


class Named(Protocol):
    """What a comparison is called."""

    @property
    def model(self) -> str: ...
    @property
    def size(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> str: ...
    @property
    def label(self) -> str: ...


def agree(case: Named, made: Mapping[str, Subject], ours: str = OURS) -> None:
    """Raises ValueError unless all subjects give the same loss and gradients, to the precision of the case."""
    tolerance = 2e-3 if case.dtype == "float32" else 1e-9
    loss, expected = made[ours].read(made[ours].call())
    for label, subject in made.items():
        if label.startswith(LIMIT):
            continue
        value, gradients = subject.read(subject.call())
        for name, wanted in expected.items():
            size = float(np.abs(wanted).max())
            if abs(value - loss) > tolerance * abs(loss) or np.abs(gradients[name] - wanted).max() > tolerance * max(size, 1e-3):
                raise ValueError(f"{case.label}: {label} gives another loss or another gradient of {name}")


def seconds(call: Callable[[], Any], often: int, clocks: Clocks = WALL) -> float:
    """The time of one call, from so many, by the clock that shows the least.

    Processor time leaves out what else runs on the machine; it is more than the wall's where a library hands work to another
    thread and waits.
    """
    started = [clock() for clock in clocks]
    for _ in range(often):
        call()
    return min(clock() - start for clock, start in zip(clocks, started, strict=True)) / often


def repeats(subject: Subject, clocks: Clocks = WALL) -> int:
    """How many calls make a measurement."""
    return max(1, min(2000, int(SHORTEST / max(seconds(subject.call, 1, clocks), 1e-7))))


def rows(case: Case, threads: int, rounds: int, seed: int = 0) -> Iterator[Row]:
    """Every subject timed; after a call of one library its threads may spin for a while, so the order changes each round."""
    made = {label: subject for make in makers().values() for label, subject in make(case).items()}
    agree(case, made)
    return timed(case, made, threads, rounds, seed)


def timed(
    case: Named, made: Mapping[str, Subject], threads: int, rounds: int, seed: int = 0, ours: str = OURS,
    clocks: Clocks = (),
) -> Iterator[Row]:
    """The subjects of a case timed in rounds, each round in another order; short calls are timed in more rounds.

    Without `clocks` it is by the wall's, and on one thread by the processor's, too.
    """
    clocks = clocks or (ALONE if threads == 1 else WALL)
    often = {label: repeats(subject, clocks) for label, subject in made.items()}
    rounds *= 4 if median(often.values()) > 1 else 1
    times: dict[str, list[float]] = {label: [] for label in made}
    order, random = list(made), Random(seed)
    for _ in range(rounds):
        random.shuffle(order)
        for label in order:
            times[label].append(seconds(made[label].call, often[label], clocks))
    for label, found in times.items():
        ratios = [theirs / ours for theirs, ours in zip(found, times[ours], strict=True)]
        low, _, high = quantiles(found, n=4)
        ratio_low, _, ratio_high = quantiles(ratios, n=4)
        spread = (median(found), low, high, min(found), median(ratios), ratio_low, ratio_high)
        yield Row(case.model, case.size, case.dtype, threads, label, *spread, rounds)


def plain(found: Row) -> dict[str, Any]:
    """A row for JSON."""
    return asdict(found)
