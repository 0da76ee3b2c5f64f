"""The gradient flow of a composed model as text, JSON (schema 1), CSV and charts."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from symbptt.algebra.evaluate import Array
from symbptt.analyze import report, transitions
from symbptt.analyze.csv_rows import csv_of
from symbptt.analyze.export import data as analysed
from symbptt.analyze.export import lines, number, numbers, truncated
from symbptt.analyze.layout import cell, columns, percent
from symbptt.analyze.report_asked import truncated as truncated_lines
from symbptt.analyze.report_terms import WIDE, matrix
from symbptt.analyze.table import shares
from symbptt.compose.analysis import Flow, Terms
from symbptt.compose.chain import Chain, How, Part
from symbptt.compose.terms import Way
from symbptt.compose.told import heading
from symbptt.draw import plot, plot_svg
from symbptt.draw.chart import Cells, Chart, Curves, Sentence, drawable
from symbptt.errors import BadInput, UnknownName
from symbptt.narrative.presentation import ENGLISH
from symbptt.template import template

_WORDS = {How.MEMORY: "memory", How.FINAL: "initial"}
TERMS = "terms"
MOST = 6
"""The most variables in one picture."""
EACH_PART = "every part is truncated by itself; what parts hand each other is handed on whole"
NO_LOSS = "{} has no loss, so it has no terms"


def called(way: Way) -> str:
    """A way in words: direct, memory, initial, or both of these."""
    return " and ".join(word for how, word in _WORDS.items() if how in way) or "direct"


def as_text(found: Flow) -> str:
    """The report: the sums, the terms by way, attention's share, pair by pair where steps are few, and every part by itself."""
    head = report.opening(found.point.chain.name, found.point.data)
    return "\n".join([head, *(line for section in _sections(found) for line in ("", *section))])


def _sections(found: Flow) -> Iterator[list[str]]:
    if found.terms:
        yield [*_sums(found)]
        yield [*_ways(found)]
    if shared := _with_attention(found):
        yield [*_attention(shared)]
    if found.truncation is not None:
        yield [*truncated_lines(found.truncation), EACH_PART]
    yield from (_pairs(item) for item in found.terms if max(item.norms.shape) <= WIDE)
    for n, (part, own) in enumerate(zip(found.point.chain.parts, found.parts, strict=True), 1):
        if inner := [*report.sections(own)]:
            yield [_headed(part, n)]
            yield from inner


def _headed(part: Part, number: int) -> str:
    return heading(part, number, ENGLISH) + ", in whose own time step 1 is the last step" * part.backward


def _sums(found: Flow) -> Iterator[str]:
    yield f"norm of the gradient, the sum of the terms of all parts ({found.kind} norm)"
    rows = [(s.variable.name, cell(s.norm), ("" if s.agrees else "NO ") + f"{s.error:.0e}") for s in found.sums]
    yield from columns([("", "norm", "sums agree"), *rows])


def _name(item: Terms) -> str:
    return f"{item.variable.name}, part {item.number}"


def _ways(found: Flow) -> Iterator[str]:
    yield "terms (t, k) of the use at step k of a part in the loss of step t, and the share of their norms by way between phases"
    rows = []
    for item in found.terms:
        zero = sum(not item.norms[t - 1, k - 1] for t, k in item.pairs)
        by_way = (percent(item.by_way[way]) if way in item.by_way else "" for way in found.pathways)
        rows.append((_name(item), str(len(item.pairs)), str(zero), *by_way))
    yield from columns([("", "terms", "zero", *map(called, found.pathways)), *rows])


def _with_attention(found: Flow) -> list[Terms]:
    return [item for item in found.terms if any(How.MEMORY in way for way in item.ways)]


def _attention(items: list[Terms]) -> Iterator[str]:
    yield "attention's share: what came through a memory, of the norms of the terms of the loss of step t"
    T = len(items[0].norms)
    places = sorted({*range(min(T, WIDE)), T - 1})
    rows = [(_name(item), *(percent(item.attention[t]) for t in places)) for item in items]
    yield from columns([("", *(f"t={t + 1}" for t in places)), *rows])


def _pairs(item: Terms) -> list[str]:
    return [f"terms (t, k) of {_name(item)}", *matrix(item.norms, set(item.pairs))]


def data(found: Flow) -> dict[str, Any]:
    """The whole analysis as JSON values; without a loss there are no terms."""
    point = found.point
    made: dict[str, Any] = {
        "schema": 1, "model": point.chain.name, "T": point.data.T, "N": point.data.N, "dims": dict(point.data.dims),
        "source": point.data.source, "norm": found.kind,
    }
    if found.terms:
        made[TERMS] = [*_rows(found, number)]
        made["sums"] = [{"parameter": s.variable.name, "norm": number(s.norm), "error": number(s.error), "agrees": s.agrees}
                        for s in found.sums]
        made["attention"] = [{"parameter": item.variable.name, "part": item.number, "loss_steps": numbers(item.attention)}
                             for item in _with_attention(found)]
    if found.truncation is not None:
        made["truncation"] = truncated(found.truncation)
    made["parts"] = [
        {"part": n, "phase": part.phase, "backward": part.backward, **analysed(own)}
        for n, (part, own) in enumerate(zip(point.chain.parts, found.parts, strict=True), 1)
    ]
    return made


def _rows(found: Flow, told: Callable[[Any], Any]) -> Iterator[dict[str, Any]]:
    """A row for each term, with the norm of what came on each way."""
    for item in found.terms:
        parts = shares(item.norms)
        for t, k in item.pairs:
            at = (t - 1, k - 1)
            row = {"loss_step": t, "source_step": k, "parameter": item.variable.name, "part": item.number,
                   "norm": told(item.norms[at]), "share": told(parts[at])}
            yield row | {called(way).replace(" ", "_"): told(item.ways[way][at]) for way in found.pathways if way in item.ways}


def as_json(found: Flow) -> str:
    """The whole analysis as JSON text."""
    return lines(data(found))


def as_csv(found: Flow, table: str = TERMS) -> str:
    """One table as CSV: terms, sums or attention. Raises BadInput for a model without a loss, UnknownName for another table."""
    if not found.terms:
        raise BadInput(NO_LOSS.format(found.point.chain.name))
    if table == TERMS:
        return csv_of(_rows(found, lambda value: repr(float(value))))
    known = data(found)
    if table not in ("sums", "attention") or not known[table]:
        raise UnknownName(f"table of the analysis of {found.point.chain.name}", table, (TERMS, "sums", "attention"))
    return csv_of(known[table])


def _cells(item: Terms, norms: Array, way: str = "") -> Chart:
    title = f"terms of {_name(item)}{way}"
    if not drawable(norms).any():
        return Sentence(f"{_name(item)}: no term is positive and finite,\nso there is nothing to colour", title)
    return Cells(norms, item.pairs, "loss step t", "source step k", title)


def _tables(found: Flow) -> tuple[Chart, ...]:
    lost = (Sentence(NO_LOSS.format(found.point.chain.name)),)
    return tuple(_cells(item, item.norms) for item in found.terms[:MOST]) or lost


def _by_way(found: Flow) -> tuple[Chart, ...]:
    """The terms of what has most ways, one chart for each."""
    items = sorted(found.terms, key=lambda item: -len(item.ways))[:1]
    made = [_cells(item, norms, f" by way: {called(way)}") for item in items for way, norms in item.ways.items()]
    return tuple(made) or _tables(found)


def _shares(found: Flow) -> tuple[Chart, ...]:
    title = "attention's share of the terms of loss step t"
    series = tuple((_name(item), item.attention) for item in _with_attention(found)[:MOST])
    return (Curves(series, "loss step t", title, start=1) if series else Sentence("nothing comes through a memory", title),)


CHARTS: dict[str, Callable[[Flow], tuple[Chart, ...]]] = {
    "overview": lambda found: (*_by_way(found), *_shares(found)), "terms": _tables, "ways": _by_way, "attention": _shares,
}
"""Pictures of a flow by name."""


def as_html(found: Flow) -> str:
    """A page that needs nothing else: all pictures, and the report as text."""
    shown = {chart.title: chart for chart in (*CHARTS["overview"](found), *_tables(found))}
    about = report.opening(found.point.chain.name, found.point.data).partition(": ")[2]
    return template("html/several_flow.html.jinja", escapes=True).render(
        name=found.point.chain.name, title=found.point.chain.title, about=about, report=as_text(found),
        charts=[{"title": chart.title, "words": getattr(chart, "text", ""), "drawn": _drawn(chart)} for chart in shown.values()],
    )


def _drawn(chart: Chart) -> str:
    """A chart as SVG; nothing for words."""
    made = plot.table(chart) if isinstance(chart, Cells) else plot.chart(chart) if isinstance(chart, Curves) else None
    return plot_svg.write(made, chart.title) if made else ""


def structure_text(chain: Chain) -> str:
    """The components of the states of every part, in its own time."""
    return "\n\n".join(f"{_headed(part, n)}\n{transitions.structure_text(part.model)}" for n, part in enumerate(chain.parts, 1))


def structure_json(chain: Chain) -> str:
    """The same as data."""
    parts = [{"part": n, "phase": part.phase, "backward": part.backward, "components": transitions.components_data(part.model)}
             for n, part in enumerate(chain.parts, 1)]
    return json.dumps({"schema": 1, "model": chain.name, "parts": parts}, indent=2)
