"""The page on question banks: everything in it runs, and its tables name every format and kind."""

from __future__ import annotations

import re
from pathlib import Path

import pages
import pytest

from symbptt.quiz.formats import FORMATS
from symbptt.quiz.kinds import BETWEEN, KINDS

TEXT = pages.text("quiz")


@pytest.mark.slow
def test_every_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(pages.run("quiz", tmp_path, monkeypatch)) == 6
    assert len(list((tmp_path / "bank").iterdir())) == 4


def test_the_tables_are_complete() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", TEXT, re.M)
    assert rows[: len(FORMATS)] == list(FORMATS) and len(rows) == len(FORMATS) + len(KINDS) + len(BETWEEN)
