"""The page on the gradient flow runs as it stands, in an empty folder, and prints what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from symbptt.cli import main

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "gradient-flow.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
MODULES = ("elman", "elman_forward")
"""The modules that the page emits and imports."""


def run(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a line of a console prints."""
    if line.startswith("symbptt "):
        assert main(line.split()[1:]) == 0, line
        return "".join(capsys.readouterr())
    return subprocess.run(["sh", "-c", line], check=True, capture_output=True, text=True).stdout


def test_every_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in MODULES:
        monkeypatch.delitem(sys.modules, name, raising=False)  # another page's module of the same name
    namespace: dict[str, Any] = {}
    printed, ran = "", 0
    for language, text in BLOCKS:
        if language == "python":
            exec(compile(text, "gradient-flow.md", "exec"), namespace)  # our own text
            printed, ran = capsys.readouterr().out, ran + 1
        elif language == "output":
            assert text == printed
        else:
            assert language == "console"
            for line in text.splitlines():
                if line.startswith("$ "):
                    printed, ran = run(line[2:], capsys), ran + 1
                else:
                    assert line in printed.splitlines(), line
    assert ran == 25
    for name in MODULES:
        sys.modules.pop(name, None)


def test_the_example_prints_what_the_page_shows() -> None:
    shown = re.search(r"^    (adding, .*)\n      (mean lag .*)$", TEXT, re.MULTILINE)
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
