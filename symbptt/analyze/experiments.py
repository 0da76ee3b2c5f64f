"""Experiments that need no model file: the backward signal, the cliff, and the groups of remedies; as text and as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symbptt.analyze import cliff as cliffs
from symbptt.analyze.comparison import Case, Row, compare
from symbptt.analyze.curves import table
from symbptt.analyze.data import adjusted, point
from symbptt.analyze.export import SCHEMA, lines, number, numbers
from symbptt.analyze.remedies import REMEDIES, remedies
from symbptt.analyze.report import cell, columns
from symbptt.analyze.signal import Experiment, published
from symbptt.errors import BadInput, UnknownName
from symbptt.model.values import Model


@dataclass(frozen=True)
class Options:
    """What an experiment is given; None stands for its own default."""

    T: int | None = None
    dims: Mapping[str, int] = field(default_factory=dict)
    N: int | None = None
    seed: int | None = None
    init: Mapping[str, str] | str | None = None
    fill: Mapping[str, float] = field(default_factory=dict)
    scale: Mapping[str, float] = field(default_factory=dict)
    norm: str = "fro"


@dataclass(frozen=True)
class Result:
    """The outcome of an experiment: lines for a terminal, and the same as JSON values."""

    name: str
    text: str
    data: dict[str, Any]
    value: Any


def signal(options: Options) -> Result:
    """The backward signal as published (seed 3, N = 2, H = 3, T = 20), and with half the matrix; or with a factor asked for."""
    unknown = set(options.scale) - {"W_h"}
    if unknown:
        raise UnknownName("matrix", unknown.pop(), ["W_h"])
    sizes = {"seed": 3 if options.seed is None else options.seed, "N": options.N or 2, "T": options.T or 20}
    H = options.dims.get("H", 3)
    factors = (options.scale["W_h"],) if options.scale else (1.0, 0.5)
    found = [published(factor, H=H, kind=options.norm, **sizes) for factor in factors]
    said = [f"backward signal: dh <- dh W_h^T from ones, {options.norm} norm over N; "
            + ", ".join(f"{name} = {value}" for name, value in {**sizes, "H": H}.items())]
    rows = [("step", *(f"W_h * {factor:g}" for factor in factors))]
    rows += [(str(t + 1), *(f"{item.norms[t]:.6g}" for item in found)) for t in range(sizes["T"])]
    said += columns(rows) + [f"  W_h * {factor:g}: {_signal_words(item)}" for factor, item in zip(factors, found, strict=True)]
    data = [{"factor": factor, **_signal_data(item)} for factor, item in zip(factors, found, strict=True)]
    return Result("signal", "\n".join(said), {"schema": SCHEMA, "experiment": "signal", **sizes, "H": H, "series": data}, found)


def _signal_words(item: Experiment) -> str:
    s = item.spectrum
    return f"sigma_max {s.largest:.4g}, spectral radius {s.radius:.4g}; {item.verdict.words}"


def _signal_data(item: Experiment) -> dict[str, Any]:
    return {
        "norms": numbers(item.norms), "start": number(item.start), "singular_values": numbers(item.spectrum.singular),
        "radius": number(item.spectrum.radius), "verdict": item.verdict.kind.value, "words": item.verdict.words,
    }


def cliff(options: Options) -> Result:
    """Descent over the cliff, with and without clipping."""
    found = cliffs.cliff()
    head = ("", "last (w, b)", "last loss", "least loss", "longest step", "largest gradient")
    rows = [(p.method, f"({p.points[-1][0]:.3g}, {p.points[-1][1]:.3g})", cell(p.losses[-1]), cell(p.losses.min()),
             cell(p.longest), cell(p.norms.max())) for p in found.paths]
    said = [f"the cliff: gradient norms on the surface from {cell(found.norms.min())} to {cell(found.norms.max())}, median "
             f"{cell(float(np.median(found.norms)))}", *columns([head, *rows])]
    paths = [{"method": p.method, "points": p.points.tolist(), "losses": numbers(p.losses), "norms": numbers(p.norms)}
             for p in found.paths]
    surface = {"w": found.w.tolist(), "b": found.b.tolist(), "losses": found.losses.tolist()}
    return Result("cliff", "\n".join(said), {"schema": SCHEMA, "experiment": "cliff", "surface": surface, "paths": paths}, found)


def curves(options: Options) -> Result:
    """The activations: how steep at most and where, and how much of [-8, 8] is flat."""
    found = table()
    rows = [(c.name, cell(c.bound), cell(c.steepest), f"{c.flat:.0%}") for c in found]
    said = ["activations: sup of the derivative, where it is, and the part of [-8, 8] with less than 5 % of it"]
    said += columns([("", "sup", "at z", "flat"), *rows])
    data = {"schema": SCHEMA, "experiment": "curves", "activations": [vars(c) for c in found]}
    return Result("curves", "\n".join(said), data, found)


def _group(name: str) -> Callable[[Options], Result]:
    def run(options: Options) -> Result:
        unknown = set(options.scale) - {"W_hh"}
        if unknown:
            raise UnknownName("matrix", unknown.pop(), ["W_hh"])
        rows = remedies(name, options.T or 20, options.dims or None, options.N or 8, options.seed or 0,
                        options.scale.get("W_hh", 1.0))
        return side_by_side(name, rows)

    return run


EXPERIMENTS: dict[str, Callable[[Options], Result]] = {
    "signal": signal, "cliff": cliff, "curves": curves, **{name.replace(" ", "-"): _group(name) for name in REMEDIES},
}


def experiment(name: str, options: Options | None = None) -> Result:
    """Run an experiment by name; raises UnknownName for one that is not in the table."""
    if name not in EXPERIMENTS:
        raise UnknownName("experiment", name, EXPERIMENTS)
    return EXPERIMENTS[name](options or Options())


def compare_models(models: Iterable[Model], options: Options | None = None) -> Result:
    """Models side by side on the same data: inputs and targets of the same name are equal."""
    given = options or Options()
    cases = []
    for model in models:
        sizes = {name: size for name, size in given.dims.items() if name in model.dimensions}
        data = point(model, given.T, sizes, given.N, given.seed or 0, init=_fitting(model, given.init))
        own = {v.name for v in model.parameters}
        fill, scale = ({k: v for k, v in part.items() if k in own} for part in (given.fill, given.scale))
        cases.append(Case(model.name + (f" {model.options}" if model.options else ""), model, adjusted(model, data, fill, scale)))
    known = {name for case in cases for name in (*case.model.dimensions, *case.data.parameters)}
    asked = (*given.dims, *given.fill, *given.scale, *(given.init if isinstance(given.init, Mapping) else ()))
    for name in asked:
        if name not in known:
            raise UnknownName("dimension or parameter of these models", name, known)
    if len(cases) < 2:
        raise BadInput("--compare needs at least two models")
    return side_by_side("models", compare(cases, given.norm))


def _fitting(model: Model, init: Mapping[str, str] | str | None) -> Mapping[str, str] | str | None:
    own = {v.name for v in model.parameters}
    return {k: v for k, v in init.items() if k in own} if isinstance(init, Mapping) else init


_FIELDS = ("loss", "gradient", "far", "reach", "rate", "direct", "saturated", "dead")


def side_by_side(name: str, rows: tuple[Row, ...]) -> Result:
    """A comparison as text and data."""
    data = rows[0].analysis.data
    head = ("", "loss", "gradient", "far terms", "||ds_T/ds_0||", "rate", "direct route", "saturated", "dead", "verdict")
    body = [
        (r.label, cell(r.loss), cell(r.gradient), f"{r.far:.2%}", cell(r.reach), cell(r.rate),
         "-" if np.isnan(r.direct) else cell(r.direct), f"{r.saturated:.0%}", f"{r.dead:.0%}", r.verdict)
        for r in rows
    ]
    said = [f"{name} side by side: T = {data.T}, N = {data.N}; far terms are those with t - k of at least {(data.T) // 2}"]
    said += columns([head, *body])
    said += [f"  note on {r.label}: {note}" for r in rows for note in r.analysis.notes]
    made = [
        {"label": r.label, "model": r.analysis.model.name, **{f: number(getattr(r, f)) for f in _FIELDS}, "verdict": r.verdict,
         "products": numbers(r.analysis.growth.measured) if r.analysis.growth else [], "shares": _shares(r)}
        for r in rows
    ]
    return Result(name, "\n".join(said), {"schema": SCHEMA, "experiment": name, "T": data.T, "N": data.N, "rows": made}, rows)


def _shares(row: Row) -> dict[str, list[float | None]]:
    table = row.analysis.table
    return {item.name: numbers(item.by_distance) for item in table.terms} if table else {}


def written(result: Result, layout: str) -> str:
    """A result as text, JSON or (side by side) CSV; raises BadInput for CSV of something else."""
    if layout == "text":
        return result.text
    if layout == "json":
        return lines(result.data)
    if "rows" not in result.data:
        raise BadInput(f"{result.name} has no table for CSV; take text or json")
    head = ["label", *_FIELDS, "verdict"]
    return "\n".join(",".join(str(row[key]) for key in head) for row in ({key: key for key in head}, *result.data["rows"]))
