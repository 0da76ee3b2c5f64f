"""LaTeX to PDF: nothing outside the private folder is read or written, and errors are one line with their place."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from symbptt.document import pdf
from symbptt.errors import BadInput


def needs_tex(test: Callable[..., None]) -> Callable[..., None]:
    """A test of the group `tex`, skipped without latexmk."""
    return pytest.mark.tex(pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")(test))


LATIN = "\\documentclass{article}\n"
CHINESE = "% !TeX program = xelatex\n\\documentclass[fontset=fandol]{ctexart}\n"


def article(body: str, head: str = LATIN) -> str:
    return f"{head}\\begin{{document}}\n{body}\n\\end{{document}}\n"


def test_a_file_says_which_program_it_needs() -> None:
    assert pdf.program(article("x")) == "pdflatex"
    assert pdf.program(article("x", CHINESE)) == "xelatex"
    with pytest.raises(BadInput, match=r"program = sh: expected pdflatex or xelatex"):
        pdf.program("% !TeX program = sh\n")


@pytest.mark.parametrize("missing", ["latexmk", "pdflatex"])
def test_without_tex_one_line_says_what_to_install(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None if name == missing else f"/usr/bin/{name}")
    with pytest.raises(BadInput, match=rf"needs {missing}; on Debian or Ubuntu: apt install texlive-latex-extra ") as raised:
        pdf.typeset(article("x"))
    assert "\n" not in str(raised.value)


LOG = """This is pdfTeX
(./document.tex
LaTeX Font Info: a font
./document.tex:7: Undefined control sequence.
l.7 \\nosuch
./document.tex:9: Missing $ inserted.
"""
LOST = """! LaTeX Error: File `nosuch.sty' not found.
./document.tex:3: Emergency stop.
./document.tex:3:  ==> Fatal error occurred, no output PDF file produced!
"""


def test_the_first_error_of_a_log_is_shown() -> None:
    assert pdf.complaint(LOG) == "document.tex:7: Undefined control sequence."
    assert pdf.complaint(LOST) == f"document.tex:3: LaTeX Error: File `nosuch.sty' not found. ({pdf.INSTALLS})"
    assert pdf.complaint("! TeX capacity exceeded, sorry.\n") == "TeX capacity exceeded, sorry."
    assert pdf.complaint("nothing") == "TeX stopped without saying why"


@pytest.mark.parametrize("head", [LATIN, CHINESE])
@needs_tex
def test_the_same_bytes_every_time(head: str) -> None:
    text = article(r"\section{A}\label{a} \ref{a}", head)
    made = pdf.typeset(text)
    assert made.startswith(b"%PDF-") and made == pdf.typeset(text)


@needs_tex
def test_an_error_names_file_and_line() -> None:
    with pytest.raises(BadInput, match=r"^lesson\.tex:3: Undefined control sequence\.$"):
        pdf.typeset(article(r"\nosuch"), "lesson.tex")


@needs_tex
def test_commands_are_not_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    pdf.typeset(article(rf"\immediate\write18{{touch {mark}}} x"))
    assert not mark.exists()


@pytest.mark.parametrize("body", [
    r"\input{%s/secret.tex}", r"\input{|echo x}", r"\newwrite\f\immediate\openout\f=%s/made \immediate\write\f{x}x",
    r"\input{../secret.tex}",
])
@needs_tex
def test_files_elsewhere_are_closed(body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret.tex").write_text("x")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(BadInput, match=r"^document\.tex:3: "):
        pdf.typeset(article(body.replace("%s", str(tmp_path))))
    assert os.listdir(tmp_path) == ["secret.tex"], "the private folder is gone, and nothing was written"
