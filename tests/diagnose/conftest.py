"""Models at a point: the arrays that a diagnosis takes, and the right gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import symbptt
from symbptt import data
from symbptt.diagnose.case import Case, case
from symbptt.diagnose.hypotheses import mutants
from symbptt.diagnose.mutant import Mutant, predicted
from symbptt.model.values import Model

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Bench:
    """A model, the point's arrays, and its mutants."""

    model: Model
    point: dict[str, Any]
    case: Case
    mutants: list[Mutant]

    @property
    def right(self) -> Arrays:
        """The right gradients of the parameters."""
        return {v.name: self.case.right[v.name] for v in self.model.parameters}

    def wrong(self, mutant: Mutant) -> Arrays:
        """What a mutant predicts for the parameters."""
        made = predicted(mutant, self.case)
        return {v.name: made[v.name] for v in self.model.parameters}

    def named(self, name: str) -> list[Mutant]:
        """The mutants of a cause."""
        return [m for m in self.mutants if m.causes[0].name == name]

    def diagnose(self, theirs: Arrays, **more: Any) -> symbptt.diagnose.Diagnosis:
        """The diagnosis of gradients at this point."""
        return symbptt.diagnose.gradients(self.model, theirs, **self.point, **more)


@pytest.fixture(scope="session")
def bench() -> Callable[..., Bench]:
    made: dict[tuple[object, ...], Bench] = {}

    def make(name: str, T: int = 4, N: int = 2, seed: int = 1, **dims: int) -> Bench:
        key = (name, T, N, seed, *dims.items())
        if key not in made:
            model = symbptt.load(name)
            drawn = data.random(model, dims or None, T=T, N=N, seed=seed)
            parts = ("parameters", "inputs", "targets", "states")
            point = {part: {n: a for n, a in getattr(drawn, part).items()} for part in parts}
            known = case(model, **point)
            made[key] = Bench(model, point, known, mutants(known.backward, known.point))
        return made[key]

    return make
