"""The package as a stranger gets it: a wheel, an editable install and run.py, each in an environment of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import symbptt
from symbptt import resources

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CORE = {"sympy", "mpmath", "numpy", "jinja2", "markupsafe", "click", "symbptt"}
"""What an installation without extras holds: the dependencies and what these need."""


def checked(*command: str | Path, cwd: Path, **environment: str) -> str:
    """What a command prints, if it succeeds."""
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run([str(c) for c in command], cwd=cwd, env=clean | environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def executable(environment: Path, name: str = "python") -> Path:
    return environment / ("Scripts" if os.name == "nt" else "bin") / name


def install(environment: Path, *what: str) -> Path:
    """A new environment with nothing in it but `what`."""
    checked(sys.executable, "-m", "venv", "--without-pip", environment, cwd=environment.parent)
    pip = [sys.executable, "-m", "pip", "--python", executable(environment)]
    checked(*pip, "install", "--quiet", *what, cwd=environment.parent)
    return environment


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    checked(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, ROOT, cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module", params=["wheel", "editable"])
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    folder = tmp_path_factory.mktemp(request.param) / "environment"
    return install(folder, str(wheel)) if request.param == "wheel" else install(folder, "--editable", str(ROOT))


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    templates = {p.relative_to(ROOT / "templates").as_posix() for p in (ROOT / "templates").rglob("*") if p.is_file()}
    source = {p.relative_to(ROOT).as_posix() for p in (ROOT / "symbptt").rglob("*") if p.suffix in (".py", ".toml", ".typed")}
    assert templates and names >= source | {f"symbptt/_templates/{name}" for name in templates}
    assert all(name.startswith("symbptt/") for name in names)


@pytest.mark.slow
def test_a_clean_installation_runs_the_whole_pipe_elsewhere(installed: Path, tmp_path: Path) -> None:
    command = executable(installed, "symbptt")
    assert checked(command, "--version", cwd=tmp_path).split() == ["symbptt", symbptt.__version__]
    assert "elman" in checked(command, "list", cwd=tmp_path)
    derived = checked(command, "derive", "elman", "-T", "2", "--wrt", "W_hh", "--format", "json", cwd=tmp_path)
    assert json.loads(derived)["schema"] == 1
    written = checked(command, "document", "elman", "-T", "2", "-o", "out", cwd=tmp_path).split()
    assert sorted(Path(name).suffix for name in written) == [".html", ".tex"]
    checked(command, "emit", "elman", "-o", "elman.py", cwd=tmp_path)
    checked(executable(installed), "elman.py", cwd=tmp_path)
    checked(command, "verify", "elman.py", cwd=tmp_path)


@pytest.mark.slow
def test_a_plain_installation_brings_the_core_only(installed: Path, tmp_path: Path) -> None:
    listing = "import importlib.metadata as m; print(*(d.name for d in m.distributions()))"
    assert {name.lower() for name in checked(executable(installed), "-c", listing, cwd=tmp_path).split()} == CORE


@pytest.mark.slow
def test_run_py_sets_up_once_and_without_ensurepip(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "ensurepip.py").write_text("raise ImportError('as on Debian without python3-venv')")
    given = {"VENV": str(tmp_path / "environment"), "PYTHONPATH": str(tmp_path / "broken")}
    times = []
    for _ in range(2):
        printed = checked(sys.executable, ROOT / "run.py", "symbptt", "--version", cwd=tmp_path, **given)
        assert printed.split() == ["symbptt", symbptt.__version__]
        times.append((tmp_path / "environment" / "symbptt.stamp").stat().st_mtime_ns)
    assert times[0] == times[1]


def test_templates_and_models_are_found_in_a_checkout() -> None:
    assert resources.templates().is_dir()
    assert "elman" in resources.model_names()
    assert resources.model_names() == symbptt.names()


def test_core_dependencies_are_the_four() -> None:
    names = {re.split(r"[<>=!~ ]", requirement)[0] for requirement in PROJECT["dependencies"]}
    assert names == {"sympy", "numpy", "jinja2", "click"}


@pytest.mark.slow
def test_the_package_gives_its_stages_on_first_use() -> None:
    script = (
        "import sys, symbptt\n"
        "assert not {'sympy', 'numpy', 'jinja2', 'click'} & set(sys.modules)\n"
        "from symbptt import Model, derive, document, emit, load, unroll, verify\n"
        "assert load('elman').name == 'elman' and isinstance(load('elman'), Model)\n"
        "assert set(symbptt.__all__) <= set(dir(symbptt))\n"
        "for name in symbptt.__all__: getattr(symbptt, name)\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, cwd=ROOT)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = symbptt.nothing  # type: ignore[attr-defined]
