"""Loss and gradients of a layer by everyone; a library that is not installed is left out."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import symbptt
from benchmarks.case import Subject
from benchmarks.recurrences import forms
from benchmarks.recurrences.case import Case, layer

CHUNKED, STEPPED = "symbptt chunk", "symbptt step"


def make(case: Case) -> dict[str, Subject]:
    """The subjects that can run here."""
    found = make_ours(case)
    for library, maker in (("torch", make_torch), ("jax", make_jax)):
        try:
            found |= maker(case, importlib.import_module(library))
        except ModuleNotFoundError as missing:
            print(f"{library} is left out: {missing.name} is not installed")
    return found


def make_ours(case: Case) -> dict[str, Subject]:
    """The emitted NumPy modules."""
    model = layer(case.model)
    sources = {CHUNKED: symbptt.emit.chunk_source(model, case.chunk), STEPPED: symbptt.emit.source(model)}
    return {label: _in_numpy(_value_and_grad(source.text), case) for label, source in sources.items()}


def _value_and_grad(text: str) -> Callable[..., Any]:
    space: dict[str, Any] = {"__name__": "module"}
    exec(compile(text, "module", "exec"), space)
    found: Callable[..., Any] = space["value_and_grad"]
    return found


def _emitted(case: Case, backend: str) -> Callable[..., Any]:
    """The function of the emitted chunk form in a framework."""
    return _value_and_grad(symbptt.emit.chunk_source(layer(case.model), case.chunk, backend=backend).text)


def _in_numpy(value_and_grad: Callable[..., Any], case: Case) -> Subject:
    return Subject(lambda: value_and_grad(case.parameters, {"x": case.x}, {"y": case.y}), lambda r: (float(r[0]), r[1]))


def _split(t: Mapping[str, Any], length: int) -> dict[str, Any]:
    """(T, N, width) as (chunks, N, C, width)."""
    return {n: a.reshape(-1, length, *a.shape[1:]).swapaxes(1, 2) for n, a in t.items()}


def make_torch(case: Case, torch: Any) -> dict[str, Subject]:
    """A loop over tokens and one over chunks, with autograd, and the emitted chunk form."""
    def solve(A: Any, B: Any) -> Any:
        return torch.linalg.solve_triangular(A, B, upper=False, unitriangular=True)

    library = forms.Library(torch, solve, torch.nn.functional.softplus, torch.sigmoid)
    x, y = torch.tensor(case.x), torch.tensor(case.y)

    def subject(run: Callable[[Any], Any]) -> Subject:
        def call() -> Any:
            p = {n: torch.tensor(a, requires_grad=True) for n, a in case.parameters.items()}
            loss = 0.5 * ((run(p) - y) ** 2).sum()
            loss.backward()
            return loss, {n: a.grad for n, a in p.items()}

        return Subject(call, lambda r: (r[0].item(), {n: g.numpy() for n, g in r[1].items()}))

    def swept(step: Any, t: Any, many: int) -> list[Any]:
        S, outputs = x.new_zeros(case.size[1], case.size[3], case.size[4]), []
        for i in range(many):
            S, o = step(library, case.model, S, {n: a[i] for n, a in t.items()})
            outputs.append(o)
        return outputs

    def loop(p: Any) -> Any:
        return torch.stack(swept(forms.token, forms.given(library, case.model, p, x), len(x)))

    def chunks(p: Any) -> Any:
        t = _split(forms.given(library, case.model, p, x), case.chunk)
        o = torch.stack(swept(forms.chunk, t, len(x) // case.chunk))
        return o.swapaxes(1, 2).reshape(y.shape)

    emitted, weights = _emitted(case, "torch"), {n: torch.tensor(a) for n, a in case.parameters.items()}
    ours = Subject(lambda: emitted(weights, {"x": x}, {"y": y}), lambda r: (r[0].item(), {n: g.numpy() for n, g in r[1].items()}))
    return {"PyTorch loop": subject(loop), "PyTorch chunk": subject(chunks), "symbptt PyTorch chunk": ours}


def make_jax(case: Case, jax: Any) -> dict[str, Subject]:
    """A scan over tokens, one over chunks and an associative scan, compiled with their gradients, and the emitted chunk form."""
    jnp = jax.numpy

    def solve(A: Any, B: Any) -> Any:
        return jax.lax.linalg.triangular_solve(A, B, left_side=True, lower=True, unit_diagonal=True)

    library = forms.Library(jnp, solve, jax.nn.softplus, jax.nn.sigmoid)
    x, y, parameters = jnp.asarray(case.x), jnp.asarray(case.y), {n: jnp.asarray(a) for n, a in case.parameters.items()}
    start = jnp.zeros((case.size[1], case.size[3], case.size[4]), x.dtype)

    def subject(run: Callable[[Any], Any]) -> Subject:
        return compiled_subject(jax.value_and_grad(lambda p: 0.5 * ((run(p) - y) ** 2).sum()))

    def compiled_subject(value_and_grad: Callable[[Any], Any]) -> Subject:
        compiled = jax.jit(value_and_grad).lower(parameters).compile()
        read = lambda r: (float(r[0]), {n: np.asarray(g) for n, g in r[1].items()})  # noqa: E731
        return Subject(lambda: jax.block_until_ready(compiled(parameters)), read)

    def scan(p: Any) -> Any:
        t = forms.given(library, case.model, p, x)
        return jax.lax.scan(lambda S, now: forms.token(library, case.model, S, now), start, t)[1]

    def chunks(p: Any) -> Any:
        t = _split(forms.given(library, case.model, p, x), case.chunk)
        o = jax.lax.scan(lambda S, now: forms.chunk(library, case.model, S, now), start, t)[1]
        return o.swapaxes(1, 2).reshape(y.shape)

    def after(one: Any, other: Any) -> Any:
        (A1, B1), (A2, B2) = one, other
        if case.model == "gated_delta":
            return A2 @ A1, A2 @ B1 + B2
        return A2 * A1, A2 * B1 + B2

    def associative(p: Any) -> Any:
        t = forms.given(library, case.model, p, x)
        S = jax.lax.associative_scan(after, forms.transition(library, case.model, t))[1]
        return (S * t["q"][..., None]).sum(-2)

    emitted = _emitted(case, "jax")
    return {
        "JAX scan": subject(scan), "JAX associative_scan": subject(associative), "JAX chunk": subject(chunks),
        "symbptt JAX chunk": compiled_subject(lambda p: emitted(p, {"x": x}, {"y": y})),
    }
