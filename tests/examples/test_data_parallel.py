"""The examples that split a batch over devices and processes: their gradients are those of one device, to rounding."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.frameworks
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


@pytest.mark.parametrize(("framework", "parts"), [("jax", "8 devices"), ("torch", "2 processes")])
def test_gradients_are_those_of_one_device(framework: str, parts: str) -> None:
    pytest.importorskip(framework)
    command = [sys.executable, EXAMPLES / f"{framework}_data_parallel.py", *([free_port()] if framework == "torch" else [])]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = re.findall(rf"^(\w+) +{parts}, .*differ by (\S+)$", done.stdout, re.MULTILINE)
    assert [name for name, _ in lines] == ["elman", "lstm", "gru_reset_after"]
    assert all(float(error) < 1e-12 for _, error in lines)
