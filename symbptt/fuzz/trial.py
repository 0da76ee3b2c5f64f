"""One random model against every route."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symbptt import derive, emit
from symbptt.errors import SymbpttError
from symbptt.fuzz.draft import Draft
from symbptt.fuzz.rounding import Truth, truths
from symbptt.model.read import from_text, load
from symbptt.model.values import Model, Role
from symbptt.unroll.graph import UnrolledGraph, steps
from symbptt.verify.data import Array, Data, random
from symbptt.verify.emitted import FAULTS, Emitted
from symbptt.verify.load import resolve

PLACE = "fuzz.toml"


@dataclass(frozen=True)
class Fault:
    """What went wrong: the route, the kind (an exception's name, or "differs"), and the details."""

    route: str
    kind: str
    message: str

    @property
    def same(self) -> tuple[str, str]:
        """What two faults share that come from one mistake."""
        return self.route, self.kind

    def __str__(self) -> str:
        return f"{self.route}: {self.kind}: {self.message}"


@dataclass(frozen=True)
class Verdict:
    """A fault or None; `loose` if rounding makes some comparison weak, `finite` if the model has finite values at all."""

    fault: Fault | None = None
    loose: bool = False
    finite: bool = True


class _Wrong(Exception):
    """Carries a fault out of a route."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(frozen=True)
class _Subject:
    """A model at a point with the true gradients."""

    model: Model
    graph: UnrolledGraph
    data: Data
    value: Truth
    gradients: Mapping[str, Truth]

    @property
    def truths(self) -> tuple[Truth, ...]:
        """All that is compared."""
        return self.value, *self.gradients.values()


def trial(draft: Draft) -> Verdict:
    """Read the model, and compare everything that can be computed from it. Never raises for a fault of the model's stages."""
    route = "reader"
    try:
        with np.errstate(all="ignore"):
            model = from_text(draft.text(), PLACE)
            route = "interpreter"
            subject = _subject(model, draft)
            if not all(truth.finite for truth in subject.truths):
                return Verdict(finite=False)
            for route, check in _routes(subject, draft):
                check(subject, route)
    except _Wrong as wrong:
        return Verdict(wrong.fault)
    except (SymbpttError, *FAULTS) as error:
        return Verdict(Fault(route, type(error.__cause__ or error).__name__, str(error)))
    return Verdict(loose=any(truth.loose for truth in subject.truths))


def _subject(model: Model, draft: Draft) -> _Subject:
    graph = steps(model, draft.T)
    dims = {name: size for name, size in draft.dims.items() if name in model.dimensions}
    # Where neither inputs nor states show the number of samples, there is one.
    N = draft.N if model.of(Role.INPUT, Role.STATE) else 1
    data = random(model, dims, draft.T, N, draft.seed, distributions=draft.distributions)
    return _Subject(model, graph, data, *truths(graph, data))


Check = Callable[[_Subject, str], None]


def _routes(subject: _Subject, draft: Draft) -> Iterator[tuple[str, Check]]:
    """Loops need something that shows T; without a loss there are no three forms."""
    if subject.model.loss:
        yield "sum of products", _sum_of_products
        yield "backward recursion", _backward_recursion
        yield "nested recursion", _nested_recursion
    if _tells_steps(subject.model):
        yield "emitted loop", lambda subject, route: _emitted(subject, subject.model, None, route)
    yield "emitted straight line", lambda subject, route: _emitted(subject, subject.model, draft.T, route)
    if subject.model.loss:
        yield "emitted without loss", lambda subject, route: _without_loss(subject, draft, route)


def _sum_of_products(subject: _Subject, route: str) -> None:
    for name in subject.gradients:
        _compare(route, name, derive.gradient(subject.graph, name).total(**_point(subject.data)), subject.gradients[name])


def _backward_recursion(subject: _Subject, route: str) -> None:
    _compare_all(route, derive.adjoints(subject.graph).evaluate(**_point(subject.data)), subject.gradients)


def _nested_recursion(subject: _Subject, route: str) -> None:
    for name in subject.gradients:
        _compare(route, name, derive.sensitivities(subject.graph, name).evaluate(**_point(subject.data)), subject.gradients[name])


def _emitted(subject: _Subject, model: Model, T: int | None, route: str) -> None:
    code = resolve(emit.source(model, T=T, unroll=T is not None, wrt="all"))
    before = [value.copy() for value in _arrays(subject.data)]
    _compare(route, "objective", np.asarray(code.value(subject.data)).real, subject.value)
    first = code.gradients(subject.data)
    _compare_all(route, first, subject.gradients)
    _again(code, subject, route, first)
    if not all(np.array_equal(a, b) for a, b in zip(before, _arrays(subject.data), strict=True)):
        raise _Wrong(Fault(route, "writes to its arguments", ""))


def _again(code: Emitted, subject: _Subject, route: str, first: Mapping[str, Array]) -> None:
    """Returned arrays belong to the caller, and a second call gives the same."""
    kept = {name: value.copy() for name, value in first.items()}
    second = code.gradients(subject.data)
    if not all(np.array_equal(kept[name], first[name]) and np.array_equal(kept[name], second[name]) for name in kept):
        raise _Wrong(Fault(route, "a second call changes gradients", ""))


def _without_loss(subject: _Subject, draft: Draft, route: str) -> None:
    """The vjp of `forward` alone, with random cotangents for every output."""
    model = load(subject.model, loss="none")
    bare = _subject(model, draft)
    if all(truth.finite for truth in bare.truths):
        _emitted(bare, model, None if _tells_steps(model) else draft.T, route)


def _tells_steps(model: Model) -> bool:
    return any(v.timed for v in model.of(Role.INPUT, Role.PARAMETER))


def _point(data: Data) -> dict[str, Any]:
    return {"parameters": data.parameters, "inputs": data.inputs, "targets": data.targets, "states": data.states}


def _arrays(data: Data) -> list[Array]:
    return [value for part in (*_point(data).values(), data.cotangents) for value in part.values()]


def _compare_all(route: str, given: Mapping[str, Array], wanted: Mapping[str, Truth]) -> None:
    if given.keys() != wanted.keys():
        raise _Wrong(Fault(route, "wrong names", f"gradients for {sorted(given)}, expected {sorted(wanted)}"))
    for name, truth in wanted.items():
        _compare(route, name, given[name], truth)


def _compare(route: str, name: str, given: Array, truth: Truth) -> None:
    wanted = truth.value
    if given.shape != wanted.shape:
        raise _Wrong(Fault(route, "wrong shape", f"{name} has shape {given.shape}, expected {wanted.shape}"))
    errors = np.abs(given - wanted)
    if (errors <= truth.allowed).all():
        return
    at = np.unravel_index(int(np.argmax(np.where(np.isnan(errors), np.inf, errors))), errors.shape)
    place = f"{name}{[int(i) for i in at]}" if at else name
    message = f"{place} is {given[at]:.12g}, the complex step gives {wanted[at]:.12g} (allowed: {truth.allowed.max():.1e})"
    raise _Wrong(Fault(route, "differs", message))
