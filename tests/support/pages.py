"""Pages of the documentation, run as they stand: console lines, Python blocks, files they show, and what all these print.

A block of a page is one of
    console   lines `$ command`, each followed by lines that the command must print (with any spaces between the words, since
              a column is as wide as its widest entry, and measured times differ)
    python    run, all blocks of a page in one namespace
    output    what the block or command before printed, whole
    toml, ... a file if its first line is a comment with its name, as in `# cell.toml` or `# class/me.py`; else shown only
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from symbptt.cli import main

DOCS = Path(__file__).resolve().parents[2] / "docs"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_ROUNDING = re.compile(r"\d(\.\d+)?e-1[4-9]|0\.0e\+00")
_NAME = re.compile(r"# ([\w/-]+\.\w+)\n")


def _words(line: str) -> list[str]:
    """The words of a line; errors of rounding, which differ from machine to machine, are all the same."""
    return ["rounding" if _ROUNDING.fullmatch(word) else word for word in line.split()]


def text(page: str) -> str:
    """A page, by its name without the ending."""
    return (DOCS / f"{page}.md").read_text(encoding="utf-8")


def command(line: str) -> tuple[int, str]:
    """The exit code of a line of a console, and what it prints."""
    if line.startswith("symbptt ") and ">" not in line and "|" not in line:
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
            code = main(shlex.split(line)[1:])
        return code, out.getvalue()
    here = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    shown = re.sub(r"^python3\b", lambda _: shlex.quote(sys.executable), line)
    done = subprocess.run(["sh", "-c", shown], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=here)
    return done.returncode, done.stdout


def run(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch, codes: dict[str, int] | None = None) -> list[str]:
    """Runs every block of a page in an empty folder; returns the commands and Python blocks that ran.

    `codes` holds the exit codes expected of commands, by their line, where they are not 0. Modules that the page makes are
    forgotten afterwards, so that pages may use the same names.
    """
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    namespace: dict[str, Any] = {"__name__": page}
    printed, ran = "", list[str]()
    for language, body in _BLOCK.findall(text(page)):
        if language == "python" and not _NAME.match(body):
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(body, f"{page}.md", "exec"), namespace)  # our own text
            printed = out.getvalue()
            ran.append(body)
        elif language == "output":
            assert body == printed
        elif language == "console":
            for line in body.splitlines():
                if line.startswith("$ "):
                    code, printed = command(line[2:])
                    assert code == (codes or {}).get(line[2:], 0), f"{line}\n{printed}"
                    ran.append(line[2:])
                else:
                    assert _words(line) in map(_words, printed.splitlines()), f"{line!r} is not in\n{printed}"
        elif name := _NAME.match(body):
            (folder / name[1]).parent.mkdir(exist_ok=True)
            (folder / name[1]).write_text(body, encoding="utf-8")
    made = {path.stem for path in folder.glob("*.py")}
    for name in set(sys.modules) - before:
        if name in made:
            del sys.modules[name]
    return ran
