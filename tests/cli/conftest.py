"""Two ways to run the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from symbptt.cli import main

Run = Callable[..., tuple[int, str, str]]
Process = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process: exit code, standard output, standard error."""

    def runs(*arguments: str | Path) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return runs


@pytest.fixture
def process() -> Process:
    """Run the command line in a process of its own."""

    def runs(*arguments: str, options: tuple[str, ...] = (), **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *options, "-m", "symbptt", *arguments]
        return subprocess.run(command, capture_output=True, encoding="utf-8", env=os.environ | environment)

    return runs
