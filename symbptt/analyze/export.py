"""An analysis as data: JSON (schema 1; what is not finite becomes null) and CSV (one line per term)."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.analyze.analysis import Analysis, Growth
from symbptt.analyze.csv_rows import csv_of
from symbptt.analyze.products import WHOLE, Block
from symbptt.analyze.table import Table, Terms
from symbptt.analyze.truncation import Truncation
from symbptt.errors import BadInput, UnknownName

SCHEMA = 1
TERMS = "terms"
COLUMNS = ("loss_step", "source_step", "parameter", "norm", "share")


def number(value: Any) -> float | None:
    """A float that JSON can hold."""
    made = float(value)
    return made if np.isfinite(made) else None


def numbers(values: Array) -> list[float | None]:
    """A list of floats that JSON can hold."""
    return [number(value) for value in values]


def nested(values: Array) -> Any:
    """An array as nested lists of floats that JSON can hold."""
    return [nested(part) for part in values] if values.ndim else number(values)


def terms(table: Table) -> Iterator[dict[str, Any]]:
    """Every term of the table, by parameter, loss step and source step, zeros included; with its samples and entries if kept."""
    for item in table.terms:
        shares = item.shares
        for t, k in item.pairs:
            at = (t - 1, k - 1)
            row: dict[str, Any] = dict(zip(COLUMNS, (t, k, item.name, number(item.norms[at]), number(shares[at])), strict=True))
            row |= {"samples": numbers(item.by_sample[:, *at])} if len(item.by_sample) else {}
            yield row | ({"entries": nested(item.entries[t, k])} if item.entries else {})


def _sums(item: Terms) -> dict[str, Any]:
    return {
        "parameter": item.name, "norm": number(item.total), "error": number(item.error), "agrees": item.agrees,
        "loss_steps": numbers(item.rows), "source_steps": numbers(item.columns), "distances": numbers(item.distances),
        "shares": numbers(item.by_distance), "window_bias": numbers(item.bias),
    }


def _signals(table: Table) -> Iterator[dict[str, Any]]:
    for signal in table.signals:
        for t in range(1, table.T + 1):
            for k in range(1, t + 1):
                yield {"loss_step": t, "source_step": k, "state": signal.state, "norm": number(signal.norms[t - 1, k - 1])}


def _products(block: Block) -> Iterator[dict[str, Any]]:
    for t, k in block.pairs:
        row = {"row": block.row, "column": block.column, "direct": block.direct, "t": t, "k": k}
        row["norm"] = number(block.norms[t, k])
        yield row | ({"samples": numbers(block.by_sample[:, t, k])} if len(block.by_sample) else {})


def _growth(growth: Growth) -> dict[str, Any]:
    return {
        "measured": numbers(growth.measured), "bound_by_jacobians": numbers(growth.jacobians),
        "bound": None if growth.closed is None else numbers(growth.closed),
        "jacobian_norms": numbers(growth.long.factors), "jacobian_radii": numbers(growth.long.radii),
        "lyapunov": [numbers(row) for row in growth.long.exponents],
    }


def _jacobians(growth: Growth) -> Iterator[dict[str, Any]]:
    """J_1 .. J_T: the singular values of every sample, the largest 2-norm and radius of the samples."""
    long = growth.long
    for k, (singular, largest, radius) in enumerate(zip(long.singular, long.factors, long.radii, strict=True), start=1):
        yield {"step": k, "norm": number(largest), "radius": number(radius), "singular_values": [numbers(s) for s in singular]}


def _factors(analysis: Analysis) -> Iterator[dict[str, Any]]:
    """The norms of the factors of the terms: dL_t/ds_t by state, J_k, and d+s_k/d theta by parameter."""
    for signal in analysis.table.signals if analysis.table else ():
        for t, value in enumerate(np.diagonal(signal.norms), start=1):
            yield {"factor": "loss", "name": signal.state, "step": t, "norm": number(value)}
    for k, value in enumerate(analysis.growth.long.sizes if analysis.growth else (), start=1):
        yield {"factor": "jacobian", "name": WHOLE, "step": k, "norm": number(value)}
    for item in analysis.immediate:
        for k, value in enumerate(item.norms, start=1):
            yield {"factor": "immediate", "name": item.name, "step": k, "norm": number(value)}


def _finite(item: Any) -> dict[str, Any]:
    return {name: number(value) if isinstance(value, float) else value for name, value in vars(item).items()}


def truncated(cut: Truncation) -> dict[str, Any]:
    """What is left of the gradients."""
    return {"k1": cut.k1, "k2": cut.k2, "parameters": [_finite(item) for item in cut.cuts]}


def data(analysis: Analysis) -> dict[str, Any]:
    """The whole analysis as JSON values; keys that do not apply are left out."""
    point, table, growth = analysis.data, analysis.table, analysis.growth
    made: dict[str, Any] = {
        "schema": SCHEMA, "model": analysis.model.name, "T": point.T, "N": point.N, "dims": dict(point.dims),
        "source": point.source, "norm": analysis.kind, "notes": list(analysis.notes),
    }
    if table is not None:
        made |= {"loss": number(table.loss), "terms": [*terms(table)], "sums": [_sums(item) for item in table.terms]}
        made["signals"] = [*_signals(table)]
    made["products"] = [row for block in analysis.blocks for row in _products(block)]
    made["spectra"] = [
        {"name": s.name, "singular_values": numbers(s.singular), "norm": number(s.largest), "radius": number(s.radius),
         "departure_from_normal": number(s.departure)}
        for s in analysis.spectra
    ]
    if growth is not None:
        verdict = growth.verdict
        made["factors"] = [*_factors(analysis)]
        made["jacobians"] = [*_jacobians(growth)]
        made["growth"] = _growth(growth)
        made["verdict"] = {"kind": verdict.kind.value, "rate": number(verdict.rate), "words": verdict.words}
    if analysis.enlarging is not None:
        where = analysis.enlarging
        made["enlarging"] = {
            "activation": where.activation, "weight": where.weight, "met": where.met,
            "intervals": [{"low": number(i.low), "high": number(i.high)} for i in where.intervals],
        }
    if analysis.truncation is not None:
        made["truncation"] = truncated(analysis.truncation)
    if analysis.randomised:
        made["randomised"] = [_finite(item) for item in analysis.randomised]
    if analysis.modes is not None:
        both = analysis.modes
        made["modes"] = {"error": number(both.error), "backward": vars(both.backward), "forward": vars(both.forward)}
    made["units"] = [vars(item) | {"slope": number(item.slope)} for item in analysis.units]
    return made


def as_json(analysis: Analysis) -> str:
    """The whole analysis as JSON text."""
    return lines(data(analysis))


def lines(value: dict[str, Any]) -> str:
    """JSON text: one line for each entry of a long list, so that files can be compared line by line."""
    made = []
    for key, item in value.items():
        if isinstance(item, list) and item and isinstance(item[0], dict):
            rows = ",\n    ".join(json.dumps(row, ensure_ascii=False, allow_nan=False) for row in item)
            made.append(f"  {json.dumps(key)}: [\n    {rows}\n  ]")
        else:
            made.append(f"  {json.dumps(key)}: {json.dumps(item, ensure_ascii=False, allow_nan=False)}")
    return "{\n" + ",\n".join(made) + "\n}"


def as_csv(analysis: Analysis, table: str = TERMS) -> str:
    """One table of the analysis as CSV with a header line: the terms, or another list of its data, such as products or spectra.

    Terms that are not finite stay nan or inf. Raises BadInput for a model without a loss, UnknownName for a table that it lacks.
    """
    if table == TERMS:
        if analysis.table is None:
            raise BadInput(f"{analysis.model.name} has no loss, so it has no terms; choose one with --loss")
        return csv_of(_plain(analysis.table))
    known = {name: rows for name, rows in data(analysis).items() if isinstance(rows, list) and rows and isinstance(rows[0], dict)}
    if table not in known:
        raise UnknownName(f"table of the analysis of {analysis.model.name}", table, known)
    return csv_of(known[table])


def _plain(table: Table) -> Iterator[dict[str, Any]]:
    for item in table.terms:
        shares = item.shares
        for t, k in item.pairs:
            at = (t - 1, k - 1)
            row = dict(zip(COLUMNS, (t, k, item.name, repr(float(item.norms[at])), repr(float(shares[at]))), strict=True))
            yield row | {f"sample_{n}": repr(float(value)) for n, value in enumerate(item.by_sample[:, *at])}
