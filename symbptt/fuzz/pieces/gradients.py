"""Gradients: the three forms, and NumPy code of every kind. Another route is another row."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from symbptt import derive, emit, verify
from symbptt.chunk import NoChunkForm
from symbptt.compose.handed import through_parts
from symbptt.data.values import Array
from symbptt.fuzz.fault import Fault, Wrong
from symbptt.fuzz.subject import Check, Several, Subject, compare, subject
from symbptt.model.read import load
from symbptt.model.values import Role
from symbptt.verify import complex_step
from symbptt.verify.emitted import Emitted
from symbptt.verify.load import resolve
from symbptt.verify.locate import total

_SELF_CHECK = 1e-7
"""What a module's own check, with its own data, may be off at most; rounding is not known there."""

_CHUNK = 1e-9
"""The same for what a chunk form without a loss gives."""


def routes(of: Subject) -> Iterator[tuple[str, Check]]:
    """The three forms, and NumPy code; of the kinds of code that cost most, one by chance, the same for the same draft."""
    yield from forms(of)
    yield from _chunks(of)
    made = dict(numpy(of))
    always = [name for name in made if name in _ALWAYS]
    yield from ((name, made[name]) for name in always)
    if others := [name for name in made if name not in _ALWAYS]:
        chosen = others[of.draft.seed % len(others)]
        yield chosen, made[chosen]


def forms(of: Subject) -> Iterator[tuple[str, Check]]:
    """The three forms, which are those of a loss; of several recurrences what each hands back to the ones before."""
    if isinstance(of, Several):
        yield "recursions of the parts", _of_parts
    elif of.model.loss is not None:
        yield from _FORMS.items()


def numpy(of: Subject) -> Iterator[tuple[str, Check]]:
    """Every kind of NumPy code; without a loss nothing is truncated."""
    yield from ((name, emitting(options)) for name, options in _STYLES.items())
    if isinstance(of, Several):
        return
    yield from ((name, emitting(options)) for name, options in _OF_ONE.items() if of.model.heads is None or "mode" not in options)
    if of.model.loss is not None:
        yield "code without loss", _without_loss
        yield "truncated code", _truncated


def _chunks(of: Subject) -> Iterator[tuple[str, Check]]:
    """The chunk form, where there is one: of the loss, or of given cotangents, of states at the last step."""
    if isinstance(of, Several):
        return
    try:
        file = emit.chunk_source(of.model, _tokens(of), "all")
    except NoChunkForm:
        return
    yield "chunk form", lambda given, route: _in_chunks(given, route, resolve(file))


def _tokens(of: Subject) -> int:
    """How many tokens a chunk has, by chance."""
    return 1 + of.draft.seed % 4


def _in_chunks(of: Subject, route: str, code: Emitted) -> None:
    if of.model.loss is not None:
        of.compare_all(route, code.gradients(of.data))
        return
    for check in verify.in_chunks(of.model, _tokens(of), T=of.draft.T, N=of.draft.N, seed=of.draft.seed).checks:
        if check.worst_error > _CHUNK:
            raise Wrong(Fault(route, "differs", f"{check.subject} is off by {check.worst_error:.1e}"))


def _sum_of_products(of: Subject, route: str) -> None:
    for name, truth in of.gradients.items():
        compare(route, name, derive.gradient(of.graph, name).total(**of.point), truth)


def _backward_recursion(of: Subject, route: str) -> None:
    of.compare_all(route, derive.adjoints(of.graph).evaluate(**of.point))


def _nested_recursion(of: Subject, route: str) -> None:
    for name, truth in of.gradients.items():
        compare(route, name, derive.sensitivities(of.graph, name).evaluate(**of.point), truth)


def _of_parts(of: Subject, route: str) -> None:
    assert isinstance(of, Several)
    of.compare_all(route, through_parts(of.whole)[0])


_FORMS: dict[str, Check] = {
    "sum of products": _sum_of_products,
    "backward recursion": _backward_recursion,
    "nested recursion": _nested_recursion,
}

_STYLES: dict[str, dict[str, Any]] = {"fast code": {"style": "fast"}, "plain code": {"style": "plain"}}
_OF_ONE: dict[str, dict[str, Any]] = {"forward code": {"mode": "forward"}, "straight-line code": {"unroll": True}}
"""What is emitted of one recurrence only."""
_ALWAYS = ("fast code", "straight-line code")


def emitting(options: Mapping[str, Any]) -> Check:
    """The comparison of a module that is emitted with these options."""
    return lambda of, route: _emitted(of, route, options)


def _emitted(of: Subject, route: str, options: Mapping[str, Any]) -> None:
    """Objective and gradients, twice; the module's own check; and that nothing given is written to."""
    code = of.code(**options)
    before = [array.copy() for array in of.arrays()]
    compare(route, "objective", np.asarray(code.value(of.data)).real, of.value)
    first = code.gradients(of.data)
    of.compare_all(route, first)
    _again(code, of, route, first)
    if not all(np.array_equal(a, b) for a, b in zip(before, of.arrays(), strict=True)):
        raise Wrong(Fault(route, "writes to its arguments", ""))
    worst = code.module.self_check()
    # nan: the recurrence overflows on the check's own data, which nobody chose; what is finite has been compared above.
    if wrong := [name for name, error in worst.items() if error >= _SELF_CHECK]:
        raise Wrong(Fault(route, "fails its own check", f"{wrong[0]} is off by {worst[wrong[0]]:.1e}"))


def _again(code: Emitted, of: Subject, route: str, first: Mapping[str, Array]) -> None:
    """Returned arrays belong to the caller, and a second call gives the same."""
    kept = {name: value.copy() for name, value in first.items()}
    second = code.gradients(of.data)
    if not all(np.array_equal(kept[name], first[name]) and np.array_equal(kept[name], second[name]) for name in kept):
        raise Wrong(Fault(route, "a second call changes gradients", ""))


def _without_loss(of: Subject, route: str) -> None:
    """The vjp of `forward` alone, with random cotangents for every output."""
    bare = subject(load(of.model, loss="none"), of.draft)
    if all(truth.finite for truth in bare.truths):
        _emitted(bare, route, {})


def _truncated(of: Subject, route: str) -> None:
    """The kept terms (t, k), k > k1 ceil(t / k1) - k2, each from a complex step."""
    k1, k2 = 1 + of.draft.seed % 2, 1 + of.draft.seed // 2 % 3
    code = resolve(emit.source(of.model, T=of.draft.T, wrt="all", truncation=(k1, k2)))
    given = code.gradients(of.data)
    for v in of.model.of(Role.PARAMETER, Role.INPUT, Role.STATE):
        if v.name in of.gradients:
            terms = complex_step.terms(of.graph, of.data, v)
            kept = {(t, k): value for (t, k), value in terms.items() if k > k1 * -(-t // k1) - k2}
            compare(f"{route} {k1}, {k2}", v.name, given[v.name], replace(of.gradients[v.name], value=total(v, of.data, kept)))
