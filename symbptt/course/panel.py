"""Judges side by side, each a process of its own: one that ends or goes on without end costs one submission its verdict."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from symbptt.guard.text import plain

_ROOT = str(Path(__file__).resolve().parents[2])
_START = f"import sys; sys.path.insert(0, {_ROOT!r}); from symbptt.course.judge import main; main()"


class Judge:
    """The caller's end of one process; it begins with the first submission, and anew after one that ended it."""

    def __init__(self, orders: Mapping[str, Any], seconds: float) -> None:
        self._orders, self._seconds = json.dumps(orders), seconds
        self._process: subprocess.Popen[str] | None = None
        self._closed = self._over = False

    def __call__(self, path: Path) -> dict[str, Any]:
        """The answer on a file; under `fault` why there is none."""
        if self._process is None:
            self._begin()
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        timer = threading.Timer(self._seconds, self._too_long)
        timer.daemon = True
        timer.start()
        try:
            process.stdin.write(json.dumps(str(path.resolve())) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = ""
        finally:
            timer.cancel()
        if line.endswith("\n"):
            found: dict[str, Any] = json.loads(line)
            return found
        said = self._end()
        why = f"took longer than {self._seconds:g} s" if self._over else f"broke off: {said}"
        return {"fault": f"the diagnosis {why}"}

    def stop(self) -> None:
        """Let a call that waits come back, and none begin."""
        self._closed = True
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._end()

    def _too_long(self) -> None:
        self._over = True
        if self._process is not None:
            self._process.kill()

    def _begin(self) -> None:
        self._over, self._folder = False, tempfile.TemporaryDirectory(prefix="symbptt-", ignore_cleanup_errors=True)
        self._errors = Path(self._folder.name, "errors")
        with self._errors.open("wb") as errors:
            self._process = process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                encoding="utf-8", start_new_session=True, env=_environment(),
            )
        if self._closed:
            process.kill()
        assert process.stdin is not None
        try:
            process.stdin.write(self._orders + "\n")
        except OSError:
            return

    def _end(self) -> str:
        """What the process said last."""
        assert self._process is not None
        self._process.kill()
        with self._process:
            self._process.wait()
        self._process = None
        with self._folder:
            lines = self._errors.read_bytes()[-4096:].decode("utf-8", "replace").split("\n")
        return plain(next((line for line in reversed(lines) if line.strip()), "its process was ended"))


def _environment() -> dict[str, str]:
    """Small products of matrices: a thread each, as there are processes for the cores."""
    return {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")}


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def judged(
    orders: Mapping[str, Any], files: Sequence[Path], jobs: int, seconds: float, told: Callable[[int], None]
) -> list[dict[str, Any]]:
    """The answers on files, in their order; `told` hears how many there are after each. `seconds` is the most for one."""
    judges = [Judge(orders, seconds) for _ in range(min(jobs, len(files)))]
    free: SimpleQueue[Judge] = SimpleQueue()
    for judge in judges:
        free.put(judge)

    def on(path: Path) -> dict[str, Any]:
        judge = free.get()
        try:
            return judge(path)
        finally:
            free.put(judge)

    pool = ThreadPoolExecutor(max(jobs, 1))
    try:
        waiting = [pool.submit(on, path) for path in files]
        for count, _ in enumerate(as_completed(waiting), 1):
            told(count)
        return [future.result() for future in waiting]
    finally:
        for judge in judges:
            judge.stop()
        pool.shutdown(cancel_futures=True)
        for judge in judges:
            judge.close()
