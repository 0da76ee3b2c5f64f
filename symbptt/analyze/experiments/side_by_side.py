"""Models side by side, given or from a group of remedies, as text and data."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from symbptt.analyze.comparison import Case, Row, compare
from symbptt.analyze.data import adjusted, point
from symbptt.analyze.experiments.outcome import MEASURES, Options, Result
from symbptt.analyze.export import SCHEMA, number, numbers
from symbptt.analyze.layout import cell, columns
from symbptt.analyze.remedies import remedies
from symbptt.errors import BadInput, UnknownName
from symbptt.model.values import Model


def group(name: str) -> Callable[[Options], Result]:
    """The experiment that measures a group of remedies."""

    def run(options: Options) -> Result:
        unknown = set(options.scale) - {"W_hh"}
        if unknown:
            raise UnknownName("matrix", unknown.pop(), ["W_hh"])
        N = 8 if options.N is None else options.N
        scale = options.scale.get("W_hh", 1.0)
        return side_by_side(name, remedies(name, options.T, options.dims, N, options.seed or 0, scale, options.norm))

    return run


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
        {"label": r.label, "model": r.analysis.model.name, **{f: number(getattr(r, f)) for f in MEASURES}, "verdict": r.verdict,
         "products": numbers(r.analysis.growth.measured) if r.analysis.growth else [], "shares": _shares(r)}
        for r in rows
    ]
    flat = [{key: row[key] for key in ("label", *MEASURES, "verdict")} for row in made]
    found = {"schema": SCHEMA, "experiment": name, "T": data.T, "N": data.N, "rows": made}
    return Result(name, "\n".join(said), found, flat, rows)


def _shares(row: Row) -> dict[str, list[float | None]]:
    table = row.analysis.table
    return {item.name: numbers(item.by_distance) for item in table.terms} if table else {}
