"""Pipes, locales and terminals."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from symbptt.cli import progress

Process = Callable[..., subprocess.CompletedProcess[str]]
Run = Callable[..., tuple[int, str, str]]

SLIP = """
[inputs]
x = "D"
[states]
h = "D"
[parameters]
w = "D"
forgotten = "D"
[equations]
h = "w * x + h[t-1]"
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGPIPE")
def test_a_closed_pipe_is_quiet() -> None:
    command = [sys.executable, "-m", "symbptt", "unroll", "elman", "-T", "1000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout and running.stderr
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""


@pytest.mark.slow
def test_output_is_utf8_whatever_the_locale(process: Process) -> None:
    done = process("derive", "elman", "-T", "1", PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and done.stderr == ""


class Terminal(io.StringIO):
    """A standard error that a person looks at."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "shown"), [(Terminal(), True), (io.StringIO(), False)], ids=["terminal", "pipe"])
def test_progress_is_for_terminals(stream: io.StringIO, shown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "DELAY", 0.01)
    monkeypatch.setattr(progress, "TICK", 0.01)
    monkeypatch.setattr(sys, "stderr", stream)
    with progress.progress("deriving"):
        time.sleep(0.2)
    assert ("deriving ... 0 s" in stream.getvalue()) is shown
    assert stream.getvalue().endswith("\r\x1b[K") is shown


def test_short_work_shows_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress.progress("deriving"):
        pass
    assert stream.getvalue() == ""


def test_a_dash_is_standard_output(run: Run) -> None:
    assert run("emit", "scalar", "-o", "-") == run("emit", "scalar")


def test_what_no_equation_reads_is_noted_unless_quiet(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "slip.toml"
    path.write_text(SLIP)
    code, _, err = run("show", path)
    assert (code, err) == (0, f"symbptt: note: {path}: no equation reads the parameter forgotten\n")
    assert run("--quiet", "show", path)[2] == ""
