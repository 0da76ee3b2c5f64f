"""Runs `child.py`: a process of its own with limits, in a temporary folder, without the caller's environment.

This guards against accidents: loops without end, large files, a forgotten plot or print. It is no sandbox against malice;
do not run code that you would not run yourself.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from symbptt.algebra.evaluate import Array

_CHILD = Path(__file__).with_name("child.py")
_MIB = 1024 * 1024
_SHARE = 4
"""What is outside functions may take this part of the time."""


@dataclass(frozen=True)
class Limits:
    """Seconds for all calls together, and bytes of memory and of any file."""

    seconds: float = 20.0
    memory: int = 2048 * _MIB
    file: int = 16 * _MIB

    def json(self) -> dict[str, int]:
        """The limits by their names in the module `resource`."""
        return {
            "RLIMIT_CPU": int(self.seconds) + 1, "RLIMIT_AS": self.memory, "RLIMIT_FSIZE": self.file, "RLIMIT_CORE": 0,
        }


@dataclass(frozen=True)
class Answer:
    """What one plan gave: results by name of the first and of a second call, what the forward function returned before them,
    what else came back, and how it failed."""

    first: Mapping[str, Array]
    again: Mapping[str, Array]
    before: Mapping[str, Array]
    kinds: Mapping[str, str]
    fault: str = ""
    refused: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    """Statements outside functions that were left out, and why."""


@dataclass(frozen=True)
class Run:
    """The answers to the plans that were reached; `ended` says why the others were not."""

    answers: tuple[Answer, ...]
    ended: str
    printed: str
    files: tuple[str, ...]


def run(path: Path, plans: Sequence[Mapping[str, Any]], arrays: Mapping[str, Array], limits: Limits) -> Run:
    """Carry out plans on a Python file."""
    with tempfile.TemporaryDirectory(prefix="symbptt-") as name, tempfile.TemporaryFile() as output:
        folder = Path(name)
        (folder / "work").mkdir()
        orders = {"plans": list(plans), "limits": limits.json(), "seconds": limits.seconds / _SHARE}
        (folder / "plan.json").write_text(json.dumps(orders), encoding="utf-8")
        with (folder / "arrays.npz").open("wb") as file:
            np.savez(file, **dict(arrays))  # type: ignore[arg-type]
        ended = _wait(folder, path, output, limits)
        output.seek(0)
        printed = output.read(4096).decode("utf-8", "replace")
        left = tuple(sorted(str(p.relative_to(folder / "work")) for p in (folder / "work").rglob("*") if p.is_file()))
        answers = _answers(folder / "answers")
        return Run(answers, ended if len(answers) < len(plans) else "", printed, left)


def _environment(folder: Path) -> dict[str, str]:
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {"PATH": os.defpath, "HOME": str(folder / "work"), "TMPDIR": str(folder / "work"), "LANG": "C.UTF-8",
            "MPLBACKEND": "Agg", **one}


def _wait(folder: Path, path: Path, output: IO[bytes], limits: Limits) -> str:
    """Wait for the process; how it ended, empty if well."""
    command = [sys.executable, "-I", "-B", str(_CHILD), str(folder), str(path.resolve())]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder, env=_environment(folder),
        start_new_session=True, close_fds=True,
    )
    try:
        code = process.wait(limits.seconds)
    except subprocess.TimeoutExpired:
        return f"it ran longer than {limits.seconds:g} s and was stopped"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if code == -signal.SIGXCPU:
        return f"it ran longer than {limits.seconds:g} s and was stopped"
    if code < 0:
        return f"its process was ended by {signal.Signals(-code).name}"
    return f"it ended its process with code {code}"


def _answers(path: Path) -> tuple[Answer, ...]:
    if not path.exists():
        return ()
    content = path.read_bytes()
    found: list[Answer] = []
    position = 0
    blocks: list[bytes] = []
    while position + 8 <= len(content):
        length = int.from_bytes(content[position : position + 8], "big")
        block = content[position + 8 : position + 8 + length]
        if len(block) < length:
            break
        blocks.append(block)
        position += 8 + length
    for head, packed in zip(blocks[::2], blocks[1::2], strict=False):
        found.append(_answer(head, packed))
    return tuple(found)


def _answer(head: bytes, packed: bytes) -> Answer:
    try:
        told = json.loads(head)
        with np.load(io.BytesIO(packed), allow_pickle=False) as stored:
            arrays = dict(zip(told["names"], (stored[f"a{i}"] for i in range(len(told["names"]))), strict=True))
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return Answer({}, {}, {}, {}, "it wrote into the answers of symbptt")
    fault = ""
    if "fault" in told:
        fault = told["fault"] + (f" ({told['place']})" if told["place"] else "")

    def part(name: str) -> dict[str, Array]:
        return {n.split("/", 1)[1]: a for n, a in arrays.items() if n.startswith(name + "/")}

    lists = (tuple(told.get(key, ())) for key in ("refused", "skipped"))
    return Answer(part("first"), part("again"), part("before"), told.get("first", {}), fault, *lists)
