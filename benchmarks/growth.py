"""What grows with T: time and peak memory of emitted code, derivation and emission, and whole processes of the command line."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from time import perf_counter
from typing import Any

STEPS = (100, 1000, 10_000)
SIZE = (8, 64, 64, 32)
"""N, D, H, O of the measurement against T."""
DERIVED = (50, 100, 200, 400, 800)
COMMANDS = (
    ("--help",), ("derive", "elman", "-T", "3"), ("derive", "lstm", "-T", "3"),
    ("document", "elman", "-T", "3", "--format", "tex"),
)

_MEMORY = """
import ctypes, gc, json, sys, time
from benchmarks.case import make
from benchmarks.subjects import {module} as subjects
model, T, label = sys.argv[1], int(sys.argv[2]), sys.argv[3]
small = subjects.make(make(model, (10, *{size}), "float32"))[label]
small.call()                                     # libraries are loaded and warm
case = make(model, (T, *{size}), "float32")
subject = subjects.make(case)[label]
def resident(field):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(field))
gc.collect()
ctypes.CDLL("libc.so.6").malloc_trim(0)          # what is free goes back, so that it does not hide what is taken
open("/proc/self/clear_refs", "w").write("5")    # the peak starts again from here
before = resident("VmRSS")
subject.call()
peak = resident("VmHWM") - before
times = []
for _ in range(3):
    started = time.perf_counter()
    subject.call()
    times.append(time.perf_counter() - started)
print(json.dumps({{"seconds": min(times), "peak_mib": peak / 1024}}))
"""


def against_steps(models: tuple[str, ...] = ("elman", "lstm")) -> list[dict[str, Any]]:
    """Seconds of a call, and by how much it raises the peak of resident memory (Linux), each in a process of its own."""
    found = []
    for model in models:
        for module, label in (
            ("emitted", "symbptt fast"), ("checkpoint", "symbptt checkpoint"), ("pytorch", "PyTorch nn"),
        ):
            for T in STEPS:
                text = _MEMORY.format(module=module, size=SIZE)
                done = subprocess.run([sys.executable, "-c", text, model, str(T), label], capture_output=True, text=True)
                if done.returncode == 0:
                    found.append({"model": model, "subject": label, "T": T, **json.loads(done.stdout)})
    return found


def derivation() -> list[dict[str, Any]]:
    """Seconds of the adjoints and of straight-line and loop code against T, for the LSTM."""
    import symbptt
    from symbptt import derive, emit, unroll

    model, found = symbptt.load("lstm"), []
    derive.adjoints(unroll.steps(model, 3))
    for T in DERIVED:
        graph = unroll.steps(model, T)
        started = perf_counter()
        derive.adjoints(graph)
        adjoints = perf_counter()
        emit.source(model, T=T, unroll=True)
        unrolled = perf_counter()
        emit.source(model)
        done = perf_counter()
        found.append({"T": T, "adjoints": adjoints - started, "unrolled": unrolled - adjoints, "loops": done - unrolled})
    return found


def against_equations(layers: tuple[int, ...] = (1, 2, 4, 8)) -> list[dict[str, Any]]:
    """Seconds of derivation and emission against the number of equations: stacked LSTM cells, T = 20."""
    import symbptt
    from symbptt import derive, emit, unroll

    found = []
    for count in layers:
        model = symbptt.load("lstm", layers=count)
        started = perf_counter()
        derive.adjoints(unroll.steps(model, 20))
        middle = perf_counter()
        emit.source(model)
        found.append({"equations": len(model.equations), "adjoints": middle - started, "emission": perf_counter() - middle})
    return found


def processes(repeats: int = 3) -> list[dict[str, Any]]:
    """Seconds of whole processes, the fastest of a few."""
    found = []
    for words in COMMANDS:
        best = float("inf")
        for _ in range(repeats):
            with tempfile.TemporaryDirectory() as folder:
                where = ["-o", folder] if words[0] == "document" else []
                started = perf_counter()
                subprocess.run([sys.executable, "-m", "symbptt", *words, *where], check=True, stdout=subprocess.DEVNULL)
                best = min(best, perf_counter() - started)
        found.append({"command": " ".join(("symbptt", *words)), "seconds": best})
    return found
