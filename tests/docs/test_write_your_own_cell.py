"""The tutorial runs as it stands, in order, in an empty folder, and prints what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from symbptt.cli import main

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "write-your-own-cell.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def run(line: str, capsys: Any) -> str:
    """What a line of a console prints."""
    if line.startswith("symbptt "):
        main(line.split()[1:])
        return "".join(capsys.readouterr())
    return subprocess.run(["sh", "-c", line], check=True, capture_output=True, text=True).stdout


def test_the_tutorial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    namespace: dict[str, Any] = {}
    printed, ran = "", 0
    for language, text in BLOCKS:
        if language == "toml":
            name = re.match(r"# (\w+\.toml)\n", text)
            assert name
            Path(name[1]).write_text(text, encoding="utf-8")
        elif language == "python":
            exec(compile(text, "write-your-own-cell.md", "exec"), namespace)  # our own text
            printed, ran = capsys.readouterr().out, ran + 1
        elif language == "output":
            assert text == printed
        else:
            assert language == "console"
            for line in text.splitlines():
                if line.startswith("$ "):
                    printed, ran = run(line[2:], capsys), ran + 1
                    assert "DISAGREES" not in printed and "unknown" not in printed
                else:
                    assert line in printed.splitlines(), line
    assert ran == 12
    sys.modules.pop("mingru", None)
