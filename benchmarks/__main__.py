"""`python3 run.py bench`: every subject on every case, the growth with T, then the table in the README and its picture.

    --quick            the two smaller sizes in single precision, few rounds; nothing is written
    --rounds NUMBER    rounds of a case (default 9)
    --threads NUMBER   threads of every library (default 1); with more, only the table of times is measured and added
    --recurrences      only affine recurrences, in chunks and step by step; the other figures stay
    --times            only the tables of times in the README, in single precision; the other figures stay
    --frameworks       only our backward pass in JAX and PyTorch beside their own; the other figures stay
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Iterable
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results.json"
FAST = ROOT / "docs" / "fast-code.md"
KERNELS = ROOT / "docs" / "kernels.md"
ELSEWHERE = ROOT / "benchmarks" / "elsewhere.json"
BACKENDS = ROOT / "docs" / "backends.md"
PICTURE = ROOT / "docs" / "benchmarks.png"
PACKAGES = ("numpy", "sympy", "autograd", "torch", "jax", "jaxlib", "scipy-openblas32")
VECTORS = ("amx_tile", "avx512f", "avx2", "asimd")
"""What /proc/cpuinfo calls instructions for vectors, the widest first."""


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    known = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    flags = known.get("flags", known.get("Features", "")).split()
    widest = next((f", {name}" for name in VECTORS if name in flags), "")
    number = f" (family {known['cpu family']}, model {known['model']}{widest})" if "cpu family" in known else ""
    return known.get("model name", platform.machine()) + number


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _threads(count: int) -> None:
    """One limit for BLAS and PyTorch; XLA's two pools (operations, and parts of one) have theirs before import."""
    import threadpoolctl

    threadpoolctl.threadpool_limits(count)
    try:
        import torch
    except ModuleNotFoundError:
        return
    torch.set_num_threads(count)


def _printed(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of our backward pass beside the libraries' own, each printed when it is there."""
    rows = []
    for row in found:
        rows.append(row)
        print(f"{row['model']:<16} {'x'.join(map(str, row['size'])):<18} {row['library']:<8} {1e3 * row['median']:9.3f} ms "
              f"{row['ratio']:6.2f} ({row['ratio_low']:.2f} to {row['ratio_high']:.2f}) "
              f"{row['peak_mib']:8.2f} MiB, theirs {row['their_peak_mib']:8.2f}", flush=True)
    return rows


def _recurrences(rounds: int, machine: dict[str, Any]) -> dict[str, Any]:
    """The figures of affine recurrences, each printed when it is there."""
    from benchmarks.recurrences import rows as in_chunks

    found = []
    for row in in_chunks.rows(rounds):
        found.append(row)
        print(f"{row['model']:<16} {'x'.join(map(str, row['size'])):<20} {row['subject']:<20} {1e3 * row['median']:9.2f} ms "
              f"{row['ratio']:6.2f} ({row['ratio_low']:.2f} to {row['ratio_high']:.2f}) {row['peak_mib']:6.1f} MiB", flush=True)
    return {"date": date.today().isoformat(), "machine": machine, "versions": _versions(), "rows": found}


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python3 run.py bench", description="Measure emitted code beside the frameworks.")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--times", action="store_true")
    parser.add_argument("--frameworks", action="store_true")
    parser.add_argument("--recurrences", action="store_true")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    several = str(options.threads > 1).lower()
    os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={several} intra_op_parallelism_threads={options.threads}"
    os.environ["NPROC"] = str(options.threads)
    from benchmarks import frameworks, growth, measure, table, training
    from benchmarks.case import MODELS, SIZES, make
    from benchmarks.recurrences import rows as in_chunks

    machine = {"cpu": _cpu(), "cores": os.cpu_count(), "load": os.getloadavg()[0]}
    _threads(options.threads)
    if options.frameworks:
        data = json.loads(RESULTS.read_text(encoding="utf-8")) | {"frameworks": _printed(frameworks.against_autograd())}
        RESULTS.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        table.write(BACKENDS, table.beside_autograd(data))
        return 0
    if options.recurrences:
        data = json.loads(RESULTS.read_text(encoding="utf-8")) | {"recurrences": _recurrences(options.rounds, machine)}
        RESULTS.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        table.write(KERNELS, in_chunks.markdown(data))
        return 0
    rows: list[dict[str, Any]] = []
    for dtype in ("float32",) if options.quick or options.times else ("float32", "float64"):
        for model in MODELS:
            for size in SIZES[:2] if options.quick else SIZES:
                for row in measure.rows(make(model, size, dtype), options.threads, 3 if options.quick else options.rounds):
                    rows.append(measure.plain(row))
                    print(f"{model:<16} {'x'.join(map(str, size)):<18} {dtype} {row.subject:<20} {1e3 * row.median:9.3f} ms "
                          f"{row.ratio:6.2f} ({row.ratio_low:.2f} to {row.ratio_high:.2f})", flush=True)
    if options.quick:
        return 0
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {"rows": [], "runs": {}}
    new = {(row["dtype"], row["threads"]) for row in rows}
    run = {"date": date.today().isoformat(), "machine": machine, "versions": _versions()}
    every = {
        "rows": rows + [row for row in known["rows"] if (row["dtype"], row["threads"]) not in new],
        "runs": known["runs"] | {str(options.threads): run},
    }
    if options.threads == 1:
        every["training"] = {"steps": training.STEPS, "rows": [measure.plain(row) for row in training.rows(options.rounds)]}
    data = known | every if options.threads > 1 or options.times else {
        **run, **every,
        "against_steps": growth.against_steps(), "derivation": growth.derivation(), "equations": growth.against_equations(),
        "processes": growth.processes(), "frameworks": _printed(frameworks.against_autograd()),
        "recurrences": _recurrences(options.rounds, machine),
    }
    RESULTS.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    if options.threads > 1:
        table.write(FAST, table.markdown(data, options.threads))
        return 0
    table.write(ROOT / "README.md", table.readme(data, json.loads(ELSEWHERE.read_text(encoding="utf-8"))))
    table.picture(PICTURE, data)
    if options.times:
        return 0
    table.write(BACKENDS, table.beside_autograd(data))
    table.write(KERNELS, in_chunks.markdown(data))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
