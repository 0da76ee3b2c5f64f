"""The figures as a Markdown table, in the README between two marks, and as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

OPENING, CLOSING = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"
SHOWN = (
    "symbptt C", "symbptt C, prepared", "NumPy by hand", "symbptt plain", "HIPS autograd", "PyTorch nn", "PyTorch loop",
    "JAX scan", "products, NumPy",
)
PREPARED = "symbptt C, prepared"
_BESIDE_C = ("symbptt C", "symbptt fast", "PyTorch nn", "JAX scan", "products, NumPy")
Rows = Sequence[Mapping[str, Any]]
Cases = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Rows by case and subject."""


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
    found, run = cases(data["rows"], threads=threads), data["runs"][str(threads)]
    lines = [*_ratios(f"float32, {count}", found, SHOWN), ""]
    packages = ", ".join(f"{name} {run['versions'][name]}" for name in ("numpy", "torch", "jax") if name in run["versions"])
    lines += [
        "Time of a gradient divided by that of symbptt's fast NumPy code: above 1, that code is faster.",
        f"{run['machine']['cpu']}; {packages}; {run['date']}, load {run['machine']['load']:.1f} at the start.",
    ]
    return "\n".join(lines)


def _ratios(title: str, found: Cases, among: Sequence[str], ours: str = "symbptt fast") -> list[str]:
    """A table: the time of one subject, and that of others divided by it."""
    shown = [name for name in among if any(name in row for row in found.values())]
    lines = [f"| {title} | {ours.removesuffix(' fast')} | " + " | ".join(shown) + " |", "|---|---|" + "---|" * len(shown)]
    for label, row in found.items():
        cells = [f"{_ratio(row[name], row[ours]):.2f}" if name in row else "" for name in shown]
        time = 1e3 * row[ours].get("least", row[ours]["median"])
        lines.append(f"| {label} | {time:{'.0f' if time >= 100 else '.3g'}} ms | " + " | ".join(cells) + " |")
    return lines


def _ratio(row: Mapping[str, Any], ours: Mapping[str, Any]) -> float:
    """By the shortest times on one thread, of one round on several."""
    found: float = row["least"] / ours["least"] if "least" in ours and ours["threads"] == 1 else row["ratio"] / ours["ratio"]
    return found


def readme(data: Mapping[str, Any], elsewhere: Rows) -> str:
    """The table on one thread, what prepared C is beside the others, training, and what it was on another machine."""
    found = cases(data["rows"])
    training = data["training"]
    return "\n".join([
        markdown(data), "", "The same beside the C, called with arrays that stay where they are:", "",
        *_ratios("float32, one thread", found, _BESIDE_C, PREPARED), "",
        f"A loop of {training['steps']} steps of stochastic gradient descent:", "",
        *_ratios("float32, one thread", cases(training["rows"]), SHOWN), "", *_machines(found, elsewhere),
    ])


def _machines(found: Cases, elsewhere: Rows) -> list[str]:
    """How ratios at the two smaller sizes, T N < 100, differ from those of other machines."""
    lines = ["Ratios depend on the machine, most of all where a call is short. As in the first table:"]
    for other in elsewhere:
        pairs = [(row[other["subject"]], row["symbptt fast"]) for row in found.values()]
        small = [pair for pair in pairs if pair[0]["model"] in other["models"] and pair[0]["size"][0] * pair[0]["size"][1] < 100]
        ratios = [_ratio(*pair) for pair in small]
        case = f"{other['subject']} at the two smaller sizes of {' and '.join(other['models'])}"
        here, there = _range(min(ratios), max(ratios)), _range(other["low"], other["high"])
        lines.append(f"{case}: {here} here, {there} on {other['cpu']}.")
    return lines


def _range(low: float, high: float) -> str:
    return f"{low:.2f}" if f"{low:.2f}" == f"{high:.2f}" else f"{low:.2f} to {high:.2f}"


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
