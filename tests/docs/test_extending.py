"""The page on extending is carried out in a copy of the package: so many files are touched, and what comes of it works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pages
import pytest

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^```\w+\n# (\S+): (new|at the end|in|before|after)(?: ([^\n]*))?\n(.*?)^```", re.DOTALL | re.MULTILINE)
TESTS = (
    "tests/test_contracts.py", "tests/docs/test_model_file.py", "tests/docs/test_notation.py", "tests/emit/test_overflow.py",
    "tests/model/test_zoo.py", "tests/model/test_language.py::test_every_function_has_an_oracle",
)
PARTS = ("symbptt", "templates", "tests", "docs", "pyproject.toml", "README.md", "CONTRIBUTING.md")

SCRIPT = '''
import pathlib
import symbptt
from symbptt import document, emit, typeset, verify
from symbptt.model.read import from_text

assert pathlib.Path(symbptt.__file__).is_relative_to(pathlib.Path.cwd()), symbptt.__file__
cell = symbptt.load("integrator")
assert verify.gradients(cell).ok
text = cell.text.replace("absolute_error(h, y)", "length2(h - y) + 0.5 * length2(mish(h))")
own = from_text(text, "own.toml")
for options in {}, {"style": "plain"}:
    assert verify.gradients(emit.source(own, **options)).ok
for backend in "jax", "torch":
    compile(emit.source(own, backend=backend).text, backend, "exec")
assert any("Mish" in typeset.text(e.value, cell) for e in cell.equations)
titles = {"en": "Equations and gradient", "zh": "方程与梯度", "es": "Ecuaciones y gradiente", "it": "Equations and gradient"}
for language, word in titles.items():
    options = document.DocumentOptions(kind="sheet", language=language, notation="course")
    page = document.render(own, 3, options=options, format="tex")
    assert word in page and "Mi" in page, page[:2000]
plain = emit.source(symbptt.load("elman"), style="plain").text
assert plain.count("(1 - h[t + 1] ** 2)") == 1
pathlib.Path("wrong.py").write_text(plain.replace("(1 - h[t + 1] ** 2)", "(1 - h[t + 1] ** 2) ** 3"))
'''


def _sections() -> Iterator[tuple[str, list[tuple[str, str, str, str]]]]:
    for section in pages.text("extending").split("\n## ")[1:]:
        yield section.partition("\n")[0].lower(), _BLOCK.findall(section)


def _apply(folder: Path, file: str, where: str, mark: str, body: str) -> None:
    path = folder / file
    if where == "new":
        assert not path.exists()
        path.write_text(body, encoding="utf-8")
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    at = len(lines) if where == "at the end" else next(i for i, line in enumerate(lines) if line.strip().startswith(mark))
    at += where in ("in", "after")
    gap = "\n\n" if where == "at the end" else ""
    path.write_text("".join([*lines[:at], gap + body, *lines[at:]]), encoding="utf-8")


def test_the_page_says_how_many_files_each_takes() -> None:
    told = dict(re.findall(r"(?m)^\| (an? [^|]*) \| (\d+) \|$", pages.text("extending")))
    counted = {title: len({file for file, *_ in blocks}) for title, blocks in _sections() if blocks}
    assert {title: int(count) for title, count in told.items()} == counted


def test_the_files_that_a_target_needs_are_those_that_there_are() -> None:
    names = re.findall(r"`((?:symbptt|tests)/\S+\.py)`", pages.text("extending"))
    assert names and all((ROOT / name).is_file() for name in names)
    for backend in ("jax", "torch"):
        templates = {path.name for path in (ROOT / "templates" / backend).glob("*.jinja")}
        assert templates == {f"{name}.py.jinja" for name in ("module", "checkpoint", "truncated", "chunk")}


@pytest.mark.slow
def test_the_page_is_carried_out_in_a_copy(tmp_path: Path) -> None:
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, tmp_path / part)
    for _, blocks in _sections():
        for block in blocks:
            _apply(tmp_path, *block)
    for old, new in re.findall(r"(?m)^\$ cp -r (\S+) (\S+)$", pages.text("extending")):
        shutil.copytree(tmp_path / old, tmp_path / new)
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}

    def python(*arguments: str, code: int = 0) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    python("-c", SCRIPT)
    assert "en, es, it, zh" in python("-m", "symbptt", "document", "--help")
    assert "three times" in python("-m", "symbptt", "diagnose", "elman", "wrong.py", code=1)
    python("-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", *TESTS, "-k", "not zoo or integrator")
