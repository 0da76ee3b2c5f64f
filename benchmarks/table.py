"""The figures as a Markdown table, in the README between two marks, and as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

OPENING, CLOSING = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"
SHOWN = ("NumPy by hand", "symbptt plain", "HIPS autograd", "PyTorch nn", "PyTorch loop", "JAX scan", "products, NumPy")
Rows = Sequence[Mapping[str, Any]]


def _label(row: Mapping[str, Any]) -> str:
    sizes = " ".join(f"{name}={size}" for name, size in zip("TNDHO", row["size"], strict=True))
    return f"{row['model']} {sizes}"


def cases(rows: Rows, dtype: str = "float32", threads: int = 1) -> dict[str, dict[str, Mapping[str, Any]]]:
    """The rows by case and subject."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        if (row["dtype"], row["threads"]) == (dtype, threads):
            found.setdefault(_label(row), {})[row["subject"]] = row
    return found


def markdown(data: Mapping[str, Any], threads: int = 1) -> str:
    """Time of the others divided by ours, the median of the rounds; the first column is our time."""
    count = "one thread" if threads == 1 else f"{threads} threads"
    lines = [f"| float32, {count} | symbptt | " + " | ".join(SHOWN) + " |", "|---|---|" + "---|" * len(SHOWN)]
    for label, row in cases(data["rows"], threads=threads).items():
        cells = [f"{row[name]['ratio']:.2f}" if name in row else "" for name in SHOWN]
        lines.append(f"| {label} | {1e3 * row['symbptt fast']['median']:.2f} ms | " + " | ".join(cells) + " |")
    packages = ", ".join(f"{name} {data['versions'][name]}" for name in ("numpy", "torch", "jax") if name in data["versions"])
    lines += [
        "", "Time of a gradient divided by that of symbptt's fast code in the same round: above 1, symbptt is faster.",
        f"{data['machine']['cpu']}; {packages}; {data['date']}, load {data['machine']['load']:.1f} at the start.",
    ]
    return "\n".join(lines)


def beside_autograd(data: Mapping[str, Any]) -> str:
    """Our backward pass in each library beside the library's own: their time divided by ours, and peak memory."""
    libraries = tuple(dict.fromkeys(row["library"] for row in data["frameworks"]))
    heads = (f"{name}: time | {name}: memory" for name in libraries)
    lines = ["| float32, one thread | " + " | ".join(heads) + " |", "|---|" + "---|---|" * len(libraries)]
    grouped: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in data["frameworks"]:
        grouped.setdefault(_label(row), {})[row["library"]] = row
    for label, found in grouped.items():
        cells = (f"{row['ratio']:.2f} | {row['peak_mib']:.1f} and {row['their_peak_mib']:.1f} MiB" for row in found.values())
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def write(path: Path, table: str) -> None:
    """Put a table between the marks of a page."""
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(OPENING)
    _, _, after = rest.partition(CLOSING)
    path.write_text(f"{before}{OPENING}\n{table}\n{CLOSING}{after}", encoding="utf-8")


def picture(path: Path, data: Mapping[str, Any]) -> None:
    """The ratios as bars, one panel for each model."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    grouped: dict[str, list[tuple[str, dict[str, Mapping[str, Any]]]]] = {}
    for label, found in cases(data["rows"]).items():
        grouped.setdefault(label.split(" ", 1)[0], []).append((label, found))
    figure = Figure(figsize=(11, 3.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, len(grouped), sharey=True, squeeze=False)[0]
    names = ("NumPy by hand", "HIPS autograd", "PyTorch nn", "JAX scan")
    for axis, (model, group) in zip(axes, grouped.items(), strict=True):
        for i, name in enumerate(names):
            found = [(x, row[name]["ratio"]) for x, (_, row) in enumerate(group) if name in row]
            axis.bar([x + 0.2 * (i - 1.5) for x, _ in found], [ratio for _, ratio in found], 0.19, label=name)
        axis.axhline(1.0, color="black", linewidth=0.8)
        axis.set_yscale("log")
        axis.set_title(model)
        axis.set_xticks(range(len(group)), ["\n".join(label.split()[1:]) for label, _ in group], fontsize=7)
    axes[0].set_ylabel("their time / ours")
    axes[-1].legend(fontsize=7)
    figure.savefig(path, dpi=110, metadata={"Software": None})
