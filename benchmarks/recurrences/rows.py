"""The figures of affine recurrences: times beside the emitted chunk form, and its peak memory beside the step form's."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from time import process_time
from typing import Any

from benchmarks import measure
from benchmarks.recurrences import subjects
from benchmarks.recurrences.case import SIZES, STATES, make


def rows(rounds: int) -> Iterator[dict[str, Any]]:
    """Every subject on every layer and size."""
    for name in STATES:
        for size in SIZES:
            case = make(name, size)
            made = subjects.make(case)
            measure.agree(case, made, subjects.CHUNKED)
            memory = {label: peak(made[label].call) for label in (subjects.CHUNKED, subjects.STEPPED)}
            for row in measure.timed(case, made, 1, rounds, ours=subjects.CHUNKED, clocks=(process_time,)):
                yield measure.plain(row) | {"chunk": case.chunk, "peak_mib": memory.get(row.subject, 0) / 2**20}


def peak(call: Callable[[], Any]) -> int:
    """The bytes that NumPy held at most during a call, beyond its arguments."""
    tracemalloc.start()
    call()
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return highest


SHOWN = (
    "PyTorch loop", "PyTorch chunk", "symbptt PyTorch chunk",
    "JAX scan", "JAX associative_scan", "JAX chunk", "symbptt JAX chunk",
)


def markdown(data: Mapping[str, Any]) -> str:
    """Their time divided by that of the emitted chunk form, the median of the rounds; in the first columns our times."""
    head = ("float32, one thread", "chunk", "step", "memory: chunk, step", *SHOWN)
    lines = [f"| {' | '.join(head)} |", "|---|" + "---|" * (len(head) - 1)]
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in data["recurrences"]["rows"]:
        sizes = " ".join(f"{name}={size}" for name, size in zip("TNDKV", row["size"], strict=True))
        found.setdefault(f"{row['model']} {sizes} C={row['chunk']}", {})[row["subject"]] = row
    for label, by in found.items():
        ours, step = by[subjects.CHUNKED], by[subjects.STEPPED]
        cells = (f"{by[name]['ratio']:.2f}" if name in by else "" for name in SHOWN)
        lines.append(f"| {label} | {1e3 * ours['median']:.1f} ms | {step['ratio']:.2f} | {ours['peak_mib']:.0f}, "
                     f"{step['peak_mib']:.0f} MiB | " + " | ".join(cells) + " |")
    about = data["recurrences"]
    machine = about["machine"]
    busy = ": it was busy with other work" if machine["load"] > machine["cores"] else ""
    lines += [
        "", "The loss and the gradients of all parameters: processor time divided by that of the emitted NumPy chunk form in the",
        "same round; above 1, the chunk form is faster. Forms in PyTorch and JAX are written by hand, but for those of symbptt:",
        "`emit --chunk` with `--backend torch` and `jax`.",
        f"{machine['cpu']}, {about['date']}, load {machine['load']:.1f} on {machine['cores']} cores{busy}.",
    ]
    return "\n".join(lines)
