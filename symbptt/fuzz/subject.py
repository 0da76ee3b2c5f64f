"""A random model at a point, with the true gradients, and the comparison with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from symbptt.data.draw import random
from symbptt.data.values import GROUPS, Array, Data
from symbptt.derive.defined import undefined
from symbptt.fuzz.draft import Draft
from symbptt.fuzz.fault import Fault, Wrong
from symbptt.model.values import Model
from symbptt.unroll.graph import UnrolledGraph, steps
from symbptt.verify.points import forward
from symbptt.verify.rounding import Truth, truths

_LONGEST = 3
"""The most steps of what is written out; more of them teach nothing new."""


@dataclass(frozen=True)
class Subject:
    """A model at a point; `draft` is what it was made from."""

    draft: Draft
    model: Model
    graph: UnrolledGraph
    data: Data
    value: Truth
    gradients: Mapping[str, Truth]

    @property
    def truths(self) -> tuple[Truth, ...]:
        """All that is compared."""
        return self.value, *self.gradients.values()

    @property
    def short(self) -> UnrolledGraph:
        """The graph over few steps, for what is written out."""
        return self.graph if self.graph.T <= _LONGEST else steps(self.model, _LONGEST)

    @property
    def point(self) -> dict[str, Any]:
        """The data as arguments of the three forms."""
        data = self.data
        return dict(zip(GROUPS, data.groups, strict=True)) | {"mask": data.mask, "weights": data.weights}

    @cached_property
    def finite(self) -> bool:
        """Whether there are numbers to compare: where a state overflows, zero times infinity is none."""
        return all(truth.finite for truth in self.truths) and not undefined(self.graph, forward(self.graph, self.data))

    def arrays(self) -> list[Array]:
        """Every array of the data."""
        data = self.data
        parts = (*data.groups, data.cotangents)
        rest = [array for array in (data.mask, data.weights) if array is not None]
        return [array for part in parts for array in part.values()] + rest

    def compare_all(self, route: str, given: Mapping[str, Array]) -> None:
        """Raise Wrong unless these are the gradients, all of them."""
        if given.keys() != self.gradients.keys():
            raise Wrong(Fault(route, "wrong names", f"gradients for {sorted(given)}, expected {sorted(self.gradients)}"))
        for name, truth in self.gradients.items():
            compare(route, name, given[name], truth)


Check = Callable[[Subject, str], None]
"""One route of a subject; it raises Wrong, or whatever the stages raise, and is told its name."""


def subject(model: Model, draft: Draft) -> Subject:
    """A model at the random data that its draft asks for."""
    graph = steps(model, draft.T)
    dims = {name: size for name, size in draft.dims.items() if name in model.dimensions}
    data = random(model, dims, draft.T, draft.N, draft.seed, distributions=draft.distributions)
    if draft.masked and model.loss is not None:
        rng = np.random.default_rng(draft.seed)
        mask = (rng.random((data.T, data.N)) < 0.7) * rng.uniform(0.5, 1.5, (data.T, data.N))
        data = replace(data, mask=mask, weights=rng.uniform(0.5, 1.5, draft.T))
    return Subject(draft, model, graph, data, *truths(graph, data))


def compare(route: str, name: str, given: Array, truth: Truth) -> None:
    """Raise Wrong unless an array is the truth up to rounding."""
    wanted = truth.value
    if given.shape != wanted.shape:
        raise Wrong(Fault(route, "wrong shape", f"{name} has shape {given.shape}, expected {wanted.shape}"))
    errors = np.abs(given - wanted)
    if (errors <= truth.allowed).all():
        return
    at = np.unravel_index(int(np.argmax(np.where(np.isnan(errors), np.inf, errors))), errors.shape)
    place = f"{name}{[int(i) for i in at]}" if at else name
    message = f"{place} is {given[at]:.12g}, the complex step gives {wanted[at]:.12g} (allowed: {float(truth.allowed):.1e})"
    raise Wrong(Fault(route, "differs", message))
