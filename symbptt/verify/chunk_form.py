"""The chunk form against the step form: emitted code of both, at lengths around multiples of the chunk; what float32 needs."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from symbptt.chunk import NoChunkForm, chunked
from symbptt.data.random_values import random
from symbptt.data.values import Array, Arrays, Data
from symbptt.derive.affine import definitions
from symbptt.derive.value_range import value_range
from symbptt.emit import TARGETS, chunk_source, source
from symbptt.model.read import load
from symbptt.model.values import Model
from symbptt.verify.emitted import Emitted
from symbptt.verify.load import resolve
from symbptt.verify.report import Check, Report

TOLERANCE = 1e-10
SAMPLES = 2


def in_chunks(
    model: Model | str, chunk: int, *, dims: Mapping[str, int] | None = None, T: int | None = None, N: int | None = None,
    seed: int = 0, backend: str = "numpy",
) -> Report:
    """Compare outputs and all gradients of the chunk form, in the code of a backend, with those of the step form in NumPy.

    T is one length, else 1, some below and above the chunk, and ragged ones. Raises NoChunkForm for a model without a chunk form.
    """
    code = resolve(chunk_source(load(model), chunk, "all", backend, python=backend in TARGETS))
    report = of_code(code, chunk, dims=dims, T=T, N=N, seed=seed)
    return replace(report, subject=f"{code.model.name} in chunks of {chunk}")


def of_code(
    code: Emitted, chunk: int, *, dims: Mapping[str, int] | None = None, T: int | None = None, N: int | None = None, seed: int = 0
) -> Report:
    """The same for code in chunks that is there."""
    by_step, ends = resolve(source(code.model, wrt="all")), {s.name: -1 for s in code.model.states}
    checks = [check for length in around(chunk, T)
              for check in compared(code, by_step, random(code.model, dims, length, N or SAMPLES, seed), ends)]
    return Report(code.name, tuple(checks), tuple(_domains(code.model, chunk)))


def around(chunk: int, T: int | None) -> tuple[int, ...]:
    """T alone, else lengths around multiples of the chunk."""
    return (T,) if T is not None else tuple(sorted({1, max(1, chunk - 1), chunk, chunk + 1, 2 * chunk + max(1, chunk // 3)}))


def compared(by_chunk: Emitted, by_step: Emitted, data: Data, ends: Mapping[str, int]) -> Iterator[Check]:
    """Outputs, their vjp, and the gradients of the loss; of a state in `ends` the value, and the cotangent, of that step."""
    theirs, residuals = by_step.forward(data)
    ours, kept = by_chunk.forward(data)
    yield from _checks(f"outputs, T = {data.T}", ours, _at(ends, theirs))
    at_end = {name: _only(c, ends[name]) if name in ends else c for name, c in data.cotangents.items()}
    given = _at(ends, data.cotangents)
    yield from _gradients(f"vjp, T = {data.T}", by_chunk.pulled(data, kept, given), by_step.pulled(data, residuals, at_end))
    if by_step.has_loss:
        weighed = replace(data, mask=np.arange(data.T * data.N).reshape(data.T, data.N) % 3 > 0)
        yield from _gradients(f"loss, T = {data.T}", by_chunk.gradients(weighed), by_step.gradients(weighed))


def _at(ends: Mapping[str, int], arrays: Arrays) -> dict[str, Array]:
    return {name: array[ends[name]] if name in ends else array for name, array in arrays.items()}


def _only(array: Array, step: int) -> Array:
    made = np.zeros_like(array)
    made[step] = array[step]
    return made


def _gradients(route: str, found: Arrays, wanted: Arrays) -> Iterator[Check]:
    """Those that the code returns."""
    return _checks(route, found, {name: wanted[name] for name in found})


def _checks(route: str, found: Arrays, wanted: Arrays) -> Iterator[Check]:
    floor = 1e-3 * max((float(abs(a).max()) for a in wanted.values() if a.size), default=1.0)
    for name, array in wanted.items():
        scale = max(float(abs(array).max()), floor) or 1.0
        same = found[name].shape == array.shape
        error = float(abs(found[name] - array).max()) / scale if same else float("inf")
        yield Check(route, name, error, TOLERANCE, "" if error <= TOLERANCE else f"T and the chunk as in {route}")


def _domains(model: Model, chunk: int) -> Iterator[str]:
    """Where single precision is enough: what is raised to e must stay below the largest number's logarithm."""
    largest = float(np.log(np.finfo(np.float32).max))
    known = definitions(model)
    try:
        decays = chunked(model).decays
    except NoChunkForm:  # and yet in chunks: see `symbptt.chunk.scan`
        yield f"{', '.join(s.name for s in model.states)}: entry by entry, float32 is as right as step by step"
        return
    for name, logarithm, per_key in decays:
        if logarithm is None:
            yield f"{name}: no decay, float32 is as right as step by step"
            continue
        low, high = value_range(logarithm, known)
        own = f"; the gate's own range of logarithms is {low:.3g} to {high:.3g}"
        if per_key:
            bound = largest / chunk
            inside = -bound <= low and high <= bound
            yield f"{name}: float32 needs C * max|log gate| < {largest:.1f}, |log gate| < {bound:.3g}{own}" + ", inside" * inside
        else:
            yield f"{name}: only differences of summed logarithms are raised to e, none above 0 while gates are at most 1{own}"
