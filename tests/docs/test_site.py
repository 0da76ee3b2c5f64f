"""The documentation builds as a site without a warning, so every link in it leads somewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zlib
from base64 import urlsafe_b64decode
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest

from symbptt.web import answer

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    for package in ("sphinx", "myst_parser", "furo"):
        pytest.importorskip(package)
    site, trees = tmp_path / "site", tmp_path / "trees"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", str(trees), "docs", str(site)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert (site / "app" / "index.html").is_file() and (site / "app" / "engine.json").is_file()
    assert '<iframe src="app/index.html"' in (site / "page.html").read_text(encoding="utf-8")
    assert len(states((site / "errata.html").read_text(encoding="utf-8"))) > 6
    reference = (site / "api.html").read_text(encoding="utf-8")
    for name in ("gradient", "adjoints", "sensitivities", "steps", "source", "check_formula", "assert_gradients"):
        assert f">{name}<" in reference


def states(page: str) -> list[dict[str, Any]]:
    """What the links of a page to the page of symbptt hold."""
    packed = re.findall(r'href="app/index\.html#s=([\w-]+)"', page)
    return [json.loads(zlib.decompress(urlsafe_b64decode(text + "=" * (-len(text) % 4)), -zlib.MAX_WBITS)) for text in packed]


def test_models_of_the_docs_open_in_the_page() -> None:
    opened = run_path(str(ROOT / "docs" / "conf.py"))["opened"]
    pages = [*(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
    found = {path.stem: states(opened(path.read_text(encoding="utf-8"))) for path in pages}
    shown = {"README", "diagnose", "errata", "gradient-flow", "kernels", "model-file", "write-your-own-cell"}
    assert {name for name, links in found.items() if links} >= shown
    assert found["diagnose"][0]["tab"] == "bug" and "def backward" in found["diagnose"][0]["code"]
    for state in (state for links in found.values() for state in links):
        assert answer({"task": "code", "model": state["model"], "name": state["name"]})["ok"]
