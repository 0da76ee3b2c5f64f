"""The page on courses: everything in it runs, and the table of credit that it shows is the one that holds."""

from __future__ import annotations

from pathlib import Path

import pages
import pytest

from symbptt.course.credit import PLAIN

TEXT = pages.text("course")


@pytest.mark.slow
def test_every_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(pages.run("course", tmp_path, monkeypatch)) == 6


def test_the_table_of_credit() -> None:
    assert f"# credit.toml\n{PLAIN.read_text(encoding='utf-8')}```" in TEXT
