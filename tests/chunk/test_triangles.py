"""The nodes of chunks: triangles of ones and the inverse of a unit triangle, through derivation, code and every referee."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from symbptt import verify
from symbptt.emit import source
from symbptt.errors import BadInput
from symbptt.model.build import model
from symbptt.model.read import load

CHUNK = Path(__file__).parent / "one_chunk.toml"


def test_every_referee_agrees() -> None:
    report = verify.gradients(str(CHUNK))
    assert report.ok and len(report.checks) > 10


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
