"""The page on kernels runs as it stands."""

from __future__ import annotations

from pathlib import Path

import pages
import pytest


@pytest.mark.frameworks
def test_every_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    command = "symbptt diagnose gated.toml --function kernels:GatedAttention --mapping gated_mapping.toml"
    tests = 'python3 -m pytest -q test_gated.py -k "T9 and float64"'
    refused = "symbptt show lstm --chunk 16"
    chunked = "symbptt diagnose gated.toml chunked.py --mapping chunked_mapping.toml --wrt all"
    assert len(pages.run("kernels", tmp_path, monkeypatch, {command: 1, tests: 1, refused: 2, chunked: 1})) == 14
