"""The nodes of chunks: triangles of ones and the inverse of a unit triangle, through derivation, code and every referee."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symbptt import resources, verify
from symbptt.emit import source
from symbptt.errors import BadInput
from symbptt.model.define import model
from symbptt.model.read import load

CHUNK = Path(__file__).parent / "one_chunk.toml"


def test_every_referee_agrees() -> None:
    report = verify.gradients(str(CHUNK))
    assert report.ok and len(report.checks) > 10


@pytest.mark.parametrize("size", [0, 1, 2, 8, 9, 17, 32])
@pytest.mark.parametrize("kind", [np.float32, np.float64, np.complex128])
def test_the_inverse_of_emitted_code(size: int, kind: type) -> None:
    space: dict[str, Any] = {"np": np}
    exec(resources.templates().joinpath("numpy/helpers/_inverse_unit_lower.py.jinja").read_text(encoding="utf-8"), space)
    x = (0.3 * np.random.default_rng(0).normal(size=(2, 3, size, size))).astype(kind)
    found = space["_inverse_unit_lower"](np.where(np.tri(size, k=-1) > 0, x, np.nan))
    assert found.dtype == kind
    one = found @ (np.eye(size) + np.tril(x, -1))
    np.testing.assert_allclose(one, np.broadcast_to(np.eye(size), x.shape), atol=1e3 * np.finfo(kind).eps)


@pytest.mark.slow
def test_the_derivatives_are_proved() -> None:
    assert verify.prove(load(str(CHUNK))).ok


@pytest.mark.frameworks
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_frameworks(backend: str, tmp_path: Path) -> None:
    pytest.importorskip(backend)
    path = source(str(CHUNK), backend=backend, wrt="all").write(tmp_path / "chunk.py")
    assert verify.file(path).ok


@pytest.mark.parametrize(("text", "said"), [
    ("tril(x)", "tril expects a square matrix, not the shape (D)"),
    ("tril(W @ W.T, k=0.5)", "the diagonal k of tril is a whole number"),
    ("solve_unit_lower(W, x)", "solve_unit_lower expects a square matrix, not the shape (H, D)"),
    ("solve_unit_lower(W @ W.T, x)", "the shapes (H, H) and (D) do not fit; solve_unit_lower expects"),
])
def test_shapes_are_checked(text: str, said: str) -> None:
    with pytest.raises(BadInput, match=re.escape(said)):
        model(name="m", inputs={"x": "D"}, parameters={"W": "H D"}, equations={"a": text})
