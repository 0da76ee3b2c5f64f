"""Truncated and forward code from the command line."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(("options", "expected"), [
    (("--window", "3"), "K1, K2 = 1, 3"), (("--k1", "2", "--k2", "4"), "K1, K2 = 2, 4"), (("--mode", "forward"), "def jvp("),
])
def test_emit_variants(run, tmp_path, options, expected):
    path = tmp_path / "made.py"
    code, out, err = run("emit", "elman", *options, "-o", path)
    assert (code, out.strip(), err) == (0, str(path), "")
    assert expected in path.read_text() and f"symbptt emit elman {' '.join(options)}" in path.read_text()
    assert subprocess.run([sys.executable, path], capture_output=True).returncode == 0


@pytest.mark.parametrize("options", [
    ("--window", "0"), ("--window", "x"), ("--k1", "2"), ("--k2", "2"), ("--window", "2", "--k1", "1", "--k2", "2"),
    ("--window", "2", "--mode", "forward"), ("--window", "2", "-T", "3", "--unroll"), ("--mode", "nested"),
])
def test_what_does_not_go_together(run, options):
    code, out, err = run("emit", "elman", *options)
    assert (code, out) == (2, "") and err.startswith("symbptt: ") and len(err.splitlines()) == 1
