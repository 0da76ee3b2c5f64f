"""The page on the page: its commands run, and its tabs are those that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pages
import pytest

from symbptt.model.sketch import sketched
from symbptt.web.page import TABS, words

TEXT = pages.text("page")


def test_every_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(pages.run("page", tmp_path, monkeypatch)) == 2
    assert 'W = "H+H+H+H D"' in (tmp_path / "cell.toml").read_text(encoding="utf-8")


def test_the_table_has_every_tab() -> None:
    assert [row.split("|")[1].strip() for row in re.findall(r"^\| [A-Z].*\|$", TEXT, re.MULTILINE)] == [
        words.tables()["en"][f"tab.{key}"] for key in TABS
    ]


def test_the_equations_alone_are_a_model() -> None:
    block = re.search(r"^    h = .*?(?=\n\n)", TEXT, re.DOTALL | re.MULTILINE)
    assert block is not None and 'y = "O"' in sketched(re.sub(r"^ {4}", "", block[0], flags=re.MULTILINE), "model")
