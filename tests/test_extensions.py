"""Packages that add functions, losses, models, notations, targets: the one of the docs at work, and those that cannot be used."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import EntryPoint
from importlib.resources import files
from pathlib import Path
from types import ModuleType

import pages
import pytest

from symbptt import extensions, resources
from symbptt.algebra.functions import BUILT_IN, Function, Z
from symbptt.errors import BadInput

MODEL = """
[inputs]
x = "D"
[states]
h = "H"
[parameters]
W = "H D"
U = "H H"
[targets]
y = "H"
[equations]
h = "isru(W @ x + U @ h[t-1])"
[loss]
step = "log_cosh(h, y)"
"""
NOTATION = '[roles]\nstate = "q"\n[functions]\nisru = "S"\n'


def _blocks() -> list[str]:
    section = pages.text("extending").split("## From a package")[1]
    return re.findall(r"(?ms)^```\w+\n(.*?)^```", section)


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """The package of the docs, as an installer leaves it on a path; the environment that finds it."""
    project, module, target = _blocks()
    groups = re.findall(r'(?m)^\[project\.entry-points\."([^"]+)"\]\n((?:\w+ = .*\n)+)', project)
    metadata = tmp_path / "house_cells-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: house-cells\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("".join(f"[{group}]\n{lines.replace(chr(34), '')}" for group, lines in groups))
    assert {group for group, _ in groups} == set(extensions.GROUPS)
    package = tmp_path / "house_cells"
    for name, inside in {"": {}, "models": {"gentle.toml": MODEL}, "notations": {"house.toml": NOTATION}}.items():
        (package / name).mkdir(parents=True, exist_ok=True)
        (package / name / "__init__.py").touch()
        for file, text in inside.items():
            (package / name / file).write_text(text)
    (package / "__init__.py").write_text(module)
    (package / "outline.py").write_text(target)
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(__file__).resolve().parents[1])])}


def _symbptt(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "symbptt", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_the_package_of_the_docs_is_found_by_every_command(installed: dict[str, str], tmp_path: Path) -> None:
    assert "gentle" in _symbptt(installed, "list").stdout
    derived = _symbptt(installed, "derive", "gentle", "-T", "2", "--notation", "house")
    assert derived.returncode == 0 and "S′" in derived.stdout and "q₂" in derived.stdout, derived
    for backend in ("numpy", "jax", "torch"):
        code = tmp_path / f"{backend}_gentle.py"
        assert _symbptt(installed, "emit", "gentle", "--backend", backend, "-o", str(code)).returncode == 0
    outline = _symbptt(installed, "emit", "gentle", "--backend", "outline", "-o", str(tmp_path / "gentle.txt"))
    assert outline.returncode == 0 and "gradient U [" in (tmp_path / "gentle.txt").read_text(), outline
    refused = _symbptt(installed, "emit", "gentle", "--backend", "outline", "--checkpoint")
    assert refused.returncode == 2 and "there is no --checkpoint" in refused.stderr
    for verified in ("gentle", str(tmp_path / "numpy_gentle.py")):
        done = _symbptt(installed, "verify", verified)
        assert done.returncode == 0, done.stdout + done.stderr
    assert _symbptt(installed, "show", "elman", "--activation", "isru").returncode == 0
    assert _symbptt(installed, "show", "elman", "--loss", "log_cosh").returncode == 0
    assert _symbptt(installed, "document", "gentle", "-T", "2", "-o", str(tmp_path / "out"), "--format", "html").returncode == 0


@pytest.mark.slow
def test_a_package_that_cannot_be_loaded_is_named(installed: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "house_cells" / "__init__.py").write_text("raise RuntimeError('no such thing')")
    done = _symbptt(installed, "show", "elman")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    said = "package house-cells, entry point isru of symbptt.functions: cannot be loaded: RuntimeError: no such thing"
    assert said in done.stderr


def _entry(value: str, group: str) -> tuple[EntryPoint, ...]:
    return (EntryPoint("mine", value, group),)


@pytest.mark.parametrize(("value", "message"), [
    ("house:AGAIN", "the name 'tanh' is taken"),
    ("house:NO_ROW", "expected a Function, not int"),
    ("house:NOTHING", "cannot be loaded: AttributeError"),
    ("no_such_package_here:ROW", "cannot be loaded: ModuleNotFoundError"),
])
def test_a_row_that_cannot_be_used_is_told_with_its_package(value: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    house = ModuleType("house")
    house.__dict__.update(AGAIN=Function("tanh", Z), NO_ROW=3)
    monkeypatch.setitem(sys.modules, "house", house)
    monkeypatch.setattr(extensions, "_entries", lambda group: _entry(value, group))
    with pytest.raises(BadInput, match=f"entry point mine of symbptt.functions: {message}"):
        extensions.rows(extensions.FUNCTIONS, Function, BUILT_IN)


def test_a_folder_that_cannot_be_used_is_told_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extensions, "_entries", lambda group: _entry("no_such_package_here", group))
    with pytest.raises(BadInput, match=r"entry point mine of symbptt\.models: expected a package with a folder of files"):
        extensions.data_files(extensions.MODELS, resources.templates() / "notations")
    monkeypatch.setattr(extensions, "_entries", lambda group: _entry("symbptt.models", group))
    with pytest.raises(BadInput, match=r"the name '.*' is taken"):
        extensions.data_files(extensions.MODELS, files("symbptt") / "models")
