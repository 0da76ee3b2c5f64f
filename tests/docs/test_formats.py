"""The page on formats: its commands run, and it names every format and package."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from symbptt import document
from symbptt.cli import main
from symbptt.document import pdf

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for line in re.findall(r"^\$ symbptt (.*)$", PAGE, re.M):
        assert main(shlex.split(line)) == 0, line
    made = sorted(path.name for path in (tmp_path / "pages").iterdir() if path.suffix != ".svg")
    assert made == ["scalar_T2.html", "scalar_T2.ipynb", "scalar_T2.md"] and (tmp_path / "pages" / "scalar_T2_1.svg").is_file()


def test_the_table_is_complete() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.M) == list(document.FORMATS)
    assert "apt install " + " ".join(pdf.PACKAGES) in PAGE
