"""LaTeX to PDF with latexmk, in a private folder, without shell escape, and the same bytes every time.

A file that needs xelatex says so as editors read it: `% !TeX program = xelatex`.
"""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from symbptt.errors import BadInput

PACKAGES = (
    "texlive-latex-extra", "texlive-pictures", "lmodern", "latexmk", "texlive-fonts-recommended", "texlive-xetex",
    "texlive-lang-chinese",
)
"""The Debian packages that typeset every document in every language."""
INSTALLS = "on Debian or Ubuntu: apt install " + " ".join(PACKAGES)
PROGRAMS = {"pdflatex": ("-pdf", "-pdflatex"), "xelatex": ("-pdfxe", "-xelatex")}
"""Program to latexmk's option that asks for it, and the one that says how it is called."""
FILE = "document.tex"
"""How the text is called in the private folder."""
LIMIT = 300
"""Seconds after which TeX is stopped."""
_PROGRAM = re.compile(r"^% !TeX program = (\w+)$", re.M)
_ERROR = re.compile(r"^(?:\./)?([^\s:]+\.\w+:\d+): (?! ==>)(.+)$", re.M)
_REASON = re.compile(r"^(?:! (?!Emergency| ==>)|\w+: (?=Not reading))(.+)$", re.M)
_ENVIRONMENT = {
    "SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1", "openin_any": "p", "openout_any": "p", "max_print_line": "500",
}
"""A fixed date; files only from the private folder and TeX's own ones; lines of the log that are not cut."""


def program(tex: str) -> str:
    """The program that a file asks for; pdflatex unless it says otherwise. Raises BadInput for one that is not known."""
    found = _PROGRAM.search(tex)
    name = found[1] if found else "pdflatex"
    if name not in PROGRAMS:
        raise BadInput(f"% !TeX program = {name}: expected {' or '.join(PROGRAMS)}")
    return name


def _missing(name: str) -> BadInput:
    return BadInput(f"--format pdf needs {name}; {INSTALLS}")


def complaint(log: str) -> str:
    """The first error of a log, as file:line: message."""
    error, reason = _ERROR.search(log), _REASON.search(log)
    if error is None:
        return reason[1] if reason else "TeX stopped without saying why"
    # A file that cannot be read is named in a line of its own; what follows at the place is only that TeX gives up.
    said = reason[1] if reason and "Emergency stop" in error[2] else error[2]
    return f"{error[1]}: {said}" + (f" ({INSTALLS})" if "not found" in said else "")


def command(engine: str, file: str = FILE) -> list[str]:
    """The call of latexmk for a file in the folder it is run in."""
    asked, called = PROGRAMS[engine]
    call = f"{engine} -no-shell-escape -interaction=nonstopmode -halt-on-error -file-line-error %O %S"
    return ["latexmk", "-norc", "-silent", asked, f"{called}={call}", file]


def environment() -> dict[str, str]:
    """The variables that TeX is run with."""
    return os.environ | _ENVIRONMENT


def typeset(tex: str, name: str = FILE) -> bytes:
    """The PDF of a LaTeX text; `name` is what its file is called in errors.

    Raises BadInput in one line: with the packages to install where TeX is missing, or with the first error of TeX.
    """
    engine = program(tex)
    for needed in ("latexmk", engine):
        if shutil.which(needed) is None:
            raise _missing(needed)
    with tempfile.TemporaryDirectory(prefix="symbptt-") as private:
        source = Path(private) / FILE
        source.write_text(tex, encoding="utf-8")
        try:
            done = subprocess.run(
                command(engine), cwd=private, env=environment(), timeout=LIMIT,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            raise BadInput(f"{name}: TeX did not finish within {LIMIT} s") from None
        made, log = source.with_suffix(".pdf"), source.with_suffix(".log")
        if done.returncode or not made.is_file():
            said = complaint(log.read_text(encoding="utf-8", errors="replace")) if log.is_file() else "TeX wrote no log"
            raise BadInput(said.replace(FILE, name))
        return made.read_bytes()
