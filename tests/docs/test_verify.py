"""The page on verification and random models runs as it stands."""

from __future__ import annotations

from pathlib import Path

import pages
import pytest


@pytest.mark.slow
def test_every_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(pages.run("verify", tmp_path, monkeypatch, {"symbptt verify elman --dims H=3000": 2})) == 5
