"""The tutorial runs as it stands, in order, in an empty folder, and prints what it says."""

from __future__ import annotations

from pathlib import Path

import pages
import pytest


@pytest.mark.slow
def test_the_tutorial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = {"symbptt show mistake.toml": 2}
    assert len(pages.run("write-your-own-cell", tmp_path, monkeypatch, bad)) == 12
