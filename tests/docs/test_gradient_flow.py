"""The page on the gradient flow runs as it stands, in an empty folder, and prints what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pages
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_every_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    assert len(pages.run("gradient-flow", tmp_path, monkeypatch)) == 27


@pytest.mark.slow
def test_the_example_prints_what_the_page_shows() -> None:
    shown = re.search(r"^    (adding, .*)\n      (mean lag .*)$", pages.text("gradient-flow"), re.MULTILINE)
    assert shown
    command = [sys.executable, ROOT / "examples" / "long_memory.py", "adding"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, env={"PYTHONPATH": ":".join(sys.path)}).stdout
    found = re.search(r"^(adding, .*)$[\s\S]*^  (mean lag .*)$", printed, re.MULTILINE)
    assert found
    said = [" ".join(match.groups()) for match in (shown, found)]
    assert len({re.sub(r"[\d.]+", "#", text) for text in said}) == 1
    ours, theirs = ([float(number) for number in re.findall(r"\d+\.?\d*", text)] for text in said)
    # What is learned in 600 updates depends on the last digits of every product before.
    assert ours == pytest.approx(theirs, rel=0.1, abs=0.005)
