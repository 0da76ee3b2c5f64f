"""The door: messages pass whole or not at all, limits end the process, and nothing is left behind."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbptt.diagnose import code
from symbptt.guard import door, wire
from symbptt.guard.text import plain

PROGRAM = Path(__file__).with_name("attempting.py")
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=3), st.floats(allow_nan=False),
                   st.sampled_from(sorted(wire.KINDS)).map(lambda kind: np.arange(6).reshape(2, 3).astype(kind)))
TREES = st.recursive(LEAVES, lambda t: st.one_of(st.lists(t, max_size=3), st.dictionaries(st.text(max_size=3), t, max_size=3)),
                     max_leaves=8)


def same(one: object, other: object) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[n], other[n]) for n in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    return type(one) is type(other) and one == other


@given(TREES)
def test_what_goes_in_comes_out(tree: object) -> None:
    assert same(wire.unpacked(io.BytesIO(wire.packed(tree)).read), tree)


@given(TREES, st.data())
def test_spoilt_messages_are_garbled_or_another_tree(tree: object, data: st.DataObject) -> None:
    content = bytearray(wire.packed(tree))
    content[data.draw(st.integers(8, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    stream = io.BytesIO(bytes(content))

    def read(size: int) -> bytes:
        part = stream.read(min(size, len(content)))
        if len(part) < size:
            raise wire.Garbled("short")
        return part

    with contextlib.suppress(wire.Garbled):
        wire.unpacked(read)


def test_objects_do_not_pass() -> None:
    for thing in (object(), np.array([None]), np.array(["x"]), {1, 2}):
        with pytest.raises(TypeError, match="pass"):
            wire.packed(thing)


@given(st.text())
def test_plain_text_is_one_line_without_controls(text: str) -> None:
    shown = plain(text)
    assert "\n" not in shown and "  " not in shown
    assert not any(unicodedata.category(c).startswith("C") for c in shown)


def test_how_it_ended_is_said() -> None:
    ends = {"import os; os._exit(3)": "ended its process with code 3", "import os; os.abort()": "ended by SIGABRT",
            "import os\nfor fd in range(3, 99):\n    try: os.write(fd, b'#' * 99)\n    except OSError: pass\nos._exit(0)":
            "wrote into the answers"}
    for text, message in ends.items():
        with door.opened(PROGRAM, door.Limits(120)) as opened, pytest.raises(door.Ended, match=message):
            opened.ask({"text": text, "names": {}})


def test_a_folder_that_nobody_may_enter_is_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with door.opened(PROGRAM, door.Limits(120)) as opened:
        opened.ask({"text": "import os\nos.mkdir('d', 0)\nos.mkdir('e')\nopen('e/\\x1b[2J', 'w').close()", "names": {}})
    assert opened.files == (r"e/\x1b[2J",) and not list(tmp_path.iterdir())


SPEAKS = """
import os, sys
def backward(parameters, inputs, targets):
    print("\\x1b[2J\\x1b[H\\nW_hh  right   error 1.0e-16\\n\\u202ethgir")
    {end}
"""
ENDS = {
    "raises": "raise ValueError('\\x1b[2J\\rW_hh  right   error 1.0e-16\\n\\nW_xh  right')",
    "names": "return {'W_hh\\n\\nW_hh  right   error 1.0e-16\\x9b2J': inputs['x'], 'W_xh': parameters['W_xh']}",
    "asks": "open('/etc/\\x1b]0;right\\x07\\nW_hh  right', 'w')",
    "says": "raise type('\\x1b[31mRight\\u2066', (Exception,), {})('W_hh  right')",
    "computes": "W_xh = 0  # \x1b[2J\n    return {'W_xh': parameters['W_xh']}",
}


@pytest.mark.sampled(6)
@pytest.mark.parametrize("how", ENDS)
def test_nothing_of_theirs_steers_the_terminal_or_forges_a_verdict(how: str, tmp_path: Path) -> None:
    path = tmp_path / "theirs\x1b[2J.py"
    path.write_text(SPEAKS.format(end=ENDS[how]), encoding="utf-8")
    text = str(code.file("elman", path, limits=code.Limits(120)))
    assert not any(unicodedata.category(c).startswith("C") for c in text.replace("\n", "")), text
    assert not any(line.startswith("W_") and "right" in line for line in text.splitlines()), text


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_signal_ends_the_process_and_removes_its_folder(number: int, tmp_path: Path) -> None:
    """The submission writes its process number into its folder and never returns."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    theirs = tmp_path / "theirs.py"
    theirs.write_text("import os\ndef backward(parameters, inputs, targets):\n"
                      "    open('pid', 'w').write(str(os.getpid()) + '.')\n    while True: pass\n")
    command = [sys.executable, "-m", "symbptt", "diagnose", "elman", str(theirs), "--timeout", "300"]
    caller = subprocess.Popen(command, env={**os.environ, "TMPDIR": str(folder)}, stderr=subprocess.DEVNULL)
    try:
        while not (child := _process(folder)) and caller.poll() is None:
            time.sleep(0.05)
        caller.send_signal(number)
        code_ = caller.wait(120)
    finally:
        caller.kill()
    assert code_ == (-signal.SIGTERM if number == signal.SIGTERM else 130)
    assert not list(folder.iterdir())
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def _process(folder: Path) -> int:
    texts = [path.read_text() for path in folder.glob("*/pid")]
    return int(texts[0].rstrip(".")) if texts and texts[0].endswith(".") else 0
