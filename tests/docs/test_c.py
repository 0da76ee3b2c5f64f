"""The page on C runs as it stands."""

from __future__ import annotations

import shutil
from pathlib import Path

import pages
import pytest


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_every_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    source = pages.text("c").partition("```c\n")[2].partition("```")[0]
    (tmp_path / "train.c").write_text(source, encoding="utf-8")
    assert len(pages.run("c", tmp_path, monkeypatch)) == 13
