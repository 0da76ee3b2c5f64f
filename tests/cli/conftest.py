"""The command line in a process of its own; `run`, which all tests have, is in this one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

Run = Callable[..., tuple[int, str, str]]
Process = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def process() -> Process:
    """Run the command line in a process of its own."""

    def runs(*arguments: str, options: tuple[str, ...] = (), **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *options, "-m", "symbptt", *arguments]
        return subprocess.run(command, capture_output=True, encoding="utf-8", env=os.environ | environment)

    return runs
