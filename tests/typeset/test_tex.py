"""All expected formulas through a real LaTeX, with amsmath, amssymb and bm only."""

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

from symbptt import typeset

PREAMBLE = r"\documentclass{article}\usepackage{amsmath,amssymb,bm}\begin{document}"


@pytest.mark.tex
@pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
def test_the_formulas_compile(tmp_path):
    spec = importlib.util.spec_from_file_location("formulas", Path(__file__).with_name("test_latex.py"))
    formulas = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(formulas)
    body = "\n".join(rf"\[{typeset.latex(formula)}\]" for formula, _ in formulas.EXPECTED)
    (tmp_path / "all.tex").write_text(f"{PREAMBLE}\n{body}\n\\end{{document}}\n", encoding="utf-8")
    command = ["latexmk", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "-file-line-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, [line for line in done.stdout.splitlines() if line.startswith("./")]
