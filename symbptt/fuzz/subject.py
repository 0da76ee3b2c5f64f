"""A random model at a point, with the true gradients, and the comparison with them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import numpy as np

from symbptt import compose, diagnose, emit
from symbptt.compose.referee import Point, drawn
from symbptt.data.random_values import random
from symbptt.data.values import GROUPS, Array, Data
from symbptt.derive.defined import undefined
from symbptt.diagnose.between_parts import Composed, findings
from symbptt.diagnose.diagnosis import Diagnosis
from symbptt.fuzz.draft import Draft
from symbptt.fuzz.fault import Fault, Wrong
from symbptt.model.values import Model
from symbptt.unroll.graph import UnrolledGraph, steps
from symbptt.verify.emitted import Emitted
from symbptt.verify.interpreter import Values
from symbptt.verify.load import resolve
from symbptt.verify.points import forward
from symbptt.verify.rounding import Truth, moved_truths, noisy_values, truths

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
    def few(self) -> int:
        """The number of steps of what is written out."""
        return min(self.graph.T, _LONGEST)

    @property
    def short(self) -> UnrolledGraph:
        """The graph over few steps."""
        return self.graph if self.few == self.graph.T else steps(self.model, self.few)

    @property
    def point(self) -> dict[str, Any]:
        """The data as arguments of the three forms."""
        data = self.data
        return dict(zip(GROUPS, data.groups, strict=True)) | {"mask": data.mask, "weights": data.weights}

    @cached_property
    def finite(self) -> bool:
        """Whether there are numbers to compare: where a state overflows, zero times infinity is none."""
        return all(truth.finite for truth in self.truths) and not undefined(self.graph, forward(self.graph, self.data))

    def code(self, **options: Any) -> Emitted:
        """What is emitted with these options, for all gradients."""
        return resolve(emit.for_steps(self.model, self.draft.T, wrt="all", **options))

    def judged(self, given: Mapping[str, Array]) -> Diagnosis:
        """The diagnosis of gradients."""
        point = self.point
        if self.model.loss is None:
            point.pop("targets")
            point["cotangents"] = self.data.cotangents
        return diagnose.gradients(self.model, given, T=self.draft.T, **point)

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


class _Noisy(Point):
    """A point whose values have noise at every assignment."""

    def values(self, number: int, own: Data) -> Values:
        return noisy_values(self.graph(number), own)


@dataclass(frozen=True)
class Several(Subject):
    """A composed model at a `whole` point; graph and model are those of its last part, and of all."""

    whole: Point

    @property
    def chain(self) -> compose.Chain:
        """The composed model."""
        return self.whole.chain

    @cached_property
    def finite(self) -> bool:
        parts = enumerate(self.whole.evaluated)
        lost = (undefined(self.whole.graph(n), lambda a, v=v: v[a.variable.name, a.step]) for n, (_, v) in parts)  # type: ignore[misc]
        return all(truth.finite for truth in self.truths) and not any(lost)

    def code(self, **options: Any) -> Emitted:
        return resolve(compose.source(self.chain, wrt="all", **options))

    def judged(self, given: Mapping[str, Array]) -> Diagnosis:
        return Diagnosis(self.model, findings(Composed(self.whole), given))


Check = Callable[[Subject, str], None]
"""One route of a subject; it raises Wrong, or whatever the stages raise, and is told its name."""


def subject(model: Model, draft: Draft) -> Subject:
    """A model at the random data that its draft asks for."""
    graph = steps(model, draft.T)
    dims = {name: size for name, size in draft.dims.items() if name in model.dimensions}
    data = random(model, dims, draft.T, draft.N, draft.seed, distributions=draft.distributions)
    data = _masked(data, draft, model)
    return Subject(draft, model, graph, data, *truths(graph, data))


def several(chain: compose.Chain, draft: Draft) -> Several:
    """A composed model at the random data that its draft asks for."""
    dims = {name: size for name, size in draft.sizes.items() if name in chain.dimensions}
    point = drawn(chain, dims, draft.T, draft.N, draft.seed)
    model = cast(Model, chain)
    point = point.at(_masked(point.data, draft, model))
    noisy = _Noisy(chain, point.data, point.T)
    found = moved_truths(chain.with_gradient, point.data, lambda data: noisy.at(data).objective())
    return Several(draft, model, point.graph(-1), point.data, *found, point)


def at(model: compose.Subject, draft: Draft) -> Subject:
    """A model of either kind at the random data that its draft asks for."""
    return several(model, draft) if isinstance(model, compose.Chain) else subject(model, draft)


def _masked(data: Data, draft: Draft, model: Model) -> Data:
    if not draft.masked or model.loss is None:
        return data
    rng = np.random.default_rng(draft.seed)
    mask = (rng.random((data.T, data.N)) < 0.7) * rng.uniform(0.5, 1.5, (data.T, data.N))
    return replace(data, mask=mask, weights=rng.uniform(0.5, 1.5, draft.T))


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
