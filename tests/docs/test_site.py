"""The documentation builds as a site without a warning, so every link in it leads somewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    for package in ("sphinx", "myst_parser", "furo"):
        pytest.importorskip(package)
    site, trees = tmp_path / "site", tmp_path / "trees"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", str(trees), "docs", str(site)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    reference = (site / "api.html").read_text(encoding="utf-8")
    for name in ("gradient", "adjoints", "sensitivities", "steps", "source", "check_formula", "assert_gradients"):
        assert f">{name}<" in reference
