"""The LaTeX compiles with pdflatex, and no line sticks out."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from symbptt import document
from symbptt.model.read import load, names

pytestmark = [pytest.mark.tex, pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")]


def compiled(tex: Path) -> str:
    """The log of a run of pdflatex."""
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "-file-line-error", tex.name]
    done = subprocess.run(command, cwd=tex.parent, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    return tex.with_suffix(".log").read_text(errors="replace").replace("\n", "")


def too_wide(log: str) -> list[float]:
    return [float(points) for points in re.findall(r"Overfull \\[hv]box \(([0-9.]+)pt", log)]


@pytest.mark.parametrize("name", names())
def test_every_model_compiles_and_fits(name: str, tmp_path: Path) -> None:
    log = compiled(document.write(name, 3, tmp_path, formats=("tex",))[0])
    assert all(points < 1 for points in too_wide(log))
    assert "Missing character" not in log


@pytest.mark.parametrize("name, T", [("elman", 1), ("elman", 12), ("jordan", 4), ("lstm", 4), ("scalar", 6)])
def test_all_variables_and_other_lengths(name: str, T: int, tmp_path: Path) -> None:
    log = compiled(document.write(name, T, tmp_path, formats=("tex",), wrt="all")[0])
    assert all(points < 1 for points in too_wide(log))


def test_a_hostile_title_compiles(tmp_path: Path) -> None:
    title = r"50% \undefined {$ & # _ ^ ~ \\ é ß 中 😀 " + "’−×"
    compiled(document.write(replace(load("elman"), title=title, reference=title), 1, tmp_path, formats=("tex",))[0])
