"""The page on JAX and PyTorch runs as it stands."""

from __future__ import annotations

from pathlib import Path

import pages
import pytest


@pytest.mark.frameworks
def test_every_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jax = pytest.importorskip("jax")
    pytest.importorskip("torch")
    before = jax.config.jax_enable_x64
    try:
        assert len(pages.run("backends", tmp_path, monkeypatch)) == 13
    finally:
        jax.config.update("jax_enable_x64", before)
