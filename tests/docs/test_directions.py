"""The page on two directions of time and phases runs as it stands."""

from __future__ import annotations

from pathlib import Path

import pages
import pytest


@pytest.mark.slow
def test_every_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = {"symbptt emit both.toml --chunk 4": 2, "symbptt diagnose both.toml theirs.py": 1,
             "symbptt diagnose both.toml --values lost.npz": 1}
    assert len(pages.run("directions", tmp_path, monkeypatch, codes)) == 30
