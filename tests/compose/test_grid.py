"""Every built-in composed model, on every target, at all lengths: gradients against complex steps, entry by entry."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symbptt import compose
from symbptt.compose import read
from symbptt.compose.emission import source
from symbptt.compose.referee import Point, drawn
from symbptt.compose.verification import _in_c
from symbptt.model.frozen import MASK
from symbptt.verify import compiled
from symbptt.verify.complex_step import STEP
from symbptt.verify.emitted import Emitted
from symbptt.verify.load import loaded

SIZES = ((1, 1), (1, 3), (2, 1), (2, 3), (5, 1), (5, 3))
LENGTHS = (2, 5, 1)
"""The steps that count of each sample, where a sequence has as many."""


@cache
def ragged(name: str) -> compose.Chain:
    """The model with a mask: of all its steps, or of those of the encoder."""
    chain = compose.load(name)
    if MASK in {v.name for v in chain.variables}:
        return chain
    if not chain.parts[0].phase:
        return compose.load(name, freeze=True)
    before = "[phase.encoder]\n" if "[phase.encoder]\n" in chain.text else "[phase.encoder.inputs]"
    named = "[phase.encoder]\nfreeze = true\n"
    text = chain.text.replace(before, named + before.replace("[phase.encoder]\n", ""), 1)
    return read.from_text(text, f"{name}.toml", name)


@cache
def at(name: str, masked: bool, T: int, N: int) -> tuple[Point, dict[str, np.ndarray]]:
    """A point with T steps in every phase, and its gradients by complex steps."""
    chain = ragged(name) if masked else compose.load(name)
    sizes = dict.fromkeys({part.steps for part in chain.parts if part.steps}, T)
    point = drawn(chain, {"D": 2, "H": 3, "O": 2} | sizes, T, N, seed=10 * T + N)
    if MASK in point.data.inputs:
        ends = np.minimum(LENGTHS[:N], T) if masked else np.full(N, T)
        mask = (np.arange(T)[:, None] < ends).astype(float)
        point = point.at(replace(point.data, inputs={**point.data.inputs, MASK: mask}))
    return point, {v.name: _slopes(point, v) for v in chain.with_gradient}


def _slopes(point: Point, variable: Any) -> np.ndarray:
    start = point.data.value(variable)
    each = np.eye(start.size).reshape(start.size, *start.shape)
    value = point.at(point.data.having(variable, start + 1j * STEP * each)).objective()
    return np.broadcast_to(value, start.size).imag.reshape(start.shape) / STEP


@contextmanager
def emitted(name: str, masked: bool, backend: str, folder: Path) -> Iterator[Emitted]:
    """The code of a model on a target, made once."""
    chain = ragged(name) if masked else compose.load(name)
    made = source(chain, backend, "all")
    if backend != "c":
        yield Emitted(made.path, loaded(made.text, made.path), chain)  # type: ignore[arg-type]
        return
    path = made.write(folder / made.path)
    with compiled.opened(str(path), made.text, _in_c) as code:
        yield code


def _cases() -> Iterator[Any]:
    missing = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
    frameworks = pytest.mark.frameworks
    marks = {"numpy": pytest.mark.slow, "c": (pytest.mark.slow, missing), "jax": frameworks, "torch": frameworks}
    for name in compose.names():
        for backend, mark in marks.items():
            yield from (pytest.param(name, backend, masked, marks=mark) for masked in (False, True))


@pytest.mark.share(3)
@pytest.mark.parametrize(("name", "backend", "masked"), [*_cases()])
def test_gradients_are_those_of_complex_steps(name: str, backend: str, masked: bool, tmp_path: Path) -> None:
    if backend in ("jax", "torch"):
        pytest.importorskip(backend)
    with emitted(name, masked, backend, tmp_path) as code:
        for T, N in SIZES:
            point, wanted = at(name, masked, T, N)
            given = code.gradients(point.data)
            scale = max(1.0, *(np.abs(a).max(initial=0) for a in wanted.values()))
            assert given.keys() == wanted.keys()
            for variable, slopes in wanted.items():
                assert np.abs(np.asarray(given[variable]) - slopes).max(initial=0) <= 1e-11 * scale, (T, N, variable)
