"""The page on contributing names the functions that a symbol passes, in the order in which they finish."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from types import FrameType

import pytest
from _pytest.mark import ParameterSet

from symbptt.cli import main
from symbptt.derive.recursion import recursion

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
_ROW = re.compile(r"(?m)^\| `(\w+)` \| `(symbptt/\S+\.py)` \|")
_WRITTEN = re.compile(r"(?m)^\| `(.+)` \| `symbptt (.+)` \|$")


def _ways() -> list[ParameterSet]:
    """What is written, the command that writes it, and the functions on the way; the plain one with the quick tests."""
    tables = [_ROW.findall(part) for part in PAGE.split("| function | in | gives |")[1:]]
    written = _WRITTEN.findall(PAGE)
    assert len(written) == len(tables) - 1 == 4
    ways = zip(("formula", "plain", "fast", "c"), written, tables[1:], strict=True)
    return [
        pytest.param(text, command, tables[0] + own, id=name, marks=[] if name == "plain" else [pytest.mark.slow])
        for name, (text, command), own in ways
    ]


def _finished(command: str) -> list[tuple[str, str]]:
    """The functions of the package in the order in which they first returned."""
    seen: dict[tuple[str, str], None] = {}

    def note(frame: FrameType, event: str, _: object) -> None:
        file = Path(frame.f_code.co_filename)
        if event == "return" and "symbptt" in file.parts:
            seen.setdefault((frame.f_code.co_name, file.as_posix()))

    recursion.cache_clear()
    sys.setprofile(note)
    try:
        assert main(shlex.split(command)) == 0
    finally:
        sys.setprofile(None)
    return [(name, file.removeprefix(ROOT.as_posix() + "/")) for name, file in seen]


@pytest.mark.parametrize(("written", "command", "functions"), _ways())
def test_a_symbol_goes_the_way_that_the_page_says(
    written: str, command: str, functions: list[tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    finished = _finished(command)
    line = next(line for line in capsys.readouterr().out.splitlines() if written in line)
    assert "(11)" in line or r"\tag{11}" in line
    assert set(functions) <= set(finished)
    assert sorted(functions, key=finished.index) == functions


def test_files_and_templates_exist() -> None:
    names = re.findall(r"`((?:symbptt|templates|tests)/[\w./]+)`", PAGE)
    assert len(names) > 20 and all((ROOT / name).exists() for name in names)
