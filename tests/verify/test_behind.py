"""A module on disk runs behind the guard: exit code 0 only if every check ran, whatever the file does."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from symbptt import emit, verify
from symbptt.cli import main
from symbptt.errors import BadInput, Disagreement, SymbpttError

TEXT = emit.source("irnn").text
WRAPPED = TEXT.replace("def value_and_grad(", "def _right(") + """
def value_and_grad(parameters, inputs, targets, states=None, mask=None, weights=None):
    BODY
    return _right(parameters, inputs, targets, states, mask, weights)
"""


@pytest.mark.sampled(5)
@pytest.mark.parametrize(("text", "message"), [
    (TEXT + "\nimport sys\nsys.exit(0)\n", "cannot be run: SystemExit: 0"),
    (TEXT + "\nimport os\nos._exit(0)\n", "cannot be run: it ended its process with code 0"),
    (WRAPPED.replace("BODY", "raise SystemExit(0)"), "value_and_grad fails: SystemExit: 0"),
    (WRAPPED.replace("BODY", "import os; os._exit(0)"), "value_and_grad did not come back: it ended its process with code 0"),
    (WRAPPED.replace("BODY", "import subprocess; subprocess.run(['true'])"), "value_and_grad fails: Refused: subprocess.Popen"),
    (WRAPPED.replace("BODY", "import ctypes; assert ctypes.CDLL(None).creat(outside, 0) >= 0"), "value_and_grad fails"),
    (WRAPPED.replace("BODY", "raise ValueError('\\x1b[2J\\nok')"), r"value_and_grad fails: ValueError: \\x1b\[2J"),
    (WRAPPED.replace("BODY", "return None"), "value_and_grad returns a NoneType, not a pair"),
    (WRAPPED.replace("BODY", "return 'loss', {}"), "value_and_grad fails: TypeError: a str where an array of numbers belongs"),
    (WRAPPED.replace("BODY", "return inputs['x'], {}"), "numbers for the loss"),
    (WRAPPED.replace("BODY", "return 0.0, [1]"), "returns a list where a dict of arrays belongs"),
])
def test_whatever_the_file_does_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str) -> None:
    path, outside = tmp_path / "edited.py", tmp_path / "outside"
    path.write_text(text.replace("creat(outside", f"creat({str(outside).encode()!r}"), encoding="utf-8")
    with pytest.raises((BadInput, Disagreement), match=message) as caught:
        verify.file(path, T=2)
    assert isinstance(caught.value, SymbpttError) and not outside.exists()
    assert main(["verify", str(path), "-T", "2"]) == caught.value.exit_code > 0
    shown = capsys.readouterr()
    assert not shown.out and not any(unicodedata.category(c) == "Cc" for c in shown.err.replace("\n", ""))


def test_the_guard_and_what_was_printed_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "prints.py"
    path.write_text(TEXT + "\nprint('all ok\\x1b[2J')\n", encoding="utf-8")
    report = verify.file(path, T=2)
    assert report.ok and any(r"printed, which is not shown: all ok\x1b[2J" in note for note in report.notes)
    assert any("ran behind" in note and "audit hooks" in note for note in report.notes)
