"""The measured flow of the gradient: tables and figures of `analyze`, for the end of any document."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from symbptt import analyze
from symbptt.analyze.analysis import Analysis, Growth
from symbptt.analyze.layout import cell, percent, shown
from symbptt.analyze.verdict import Kind
from symbptt.document.blocks import Block, Heading, Paragraph, Plotted, Table
from symbptt.document.context import DocumentContext
from symbptt.draw import plot
from symbptt.draw.chart import Cells, Curves, drawable
from symbptt.errors import UnknownName
from symbptt.narrative.inline import Prose, math
from symbptt.narrative.voice import Voice
from symbptt.typeset.tree import Fenced, Identifier, Operator, Row, Script, Style, Tree

STEPS = 20
"""The steps of the example, unless the document has more: over three steps nothing vanishes."""
SEED = 0
_VERDICTS = {Kind.VANISHING: "vanishing", Kind.UNDECIDED: "undecided", Kind.GROWING: "growing", Kind.NOTHING: "nothing"}


def _product() -> Tree:
    """||ds_T/ds_{T-d}||"""
    last, earlier = (Script(Identifier("s"), sub=math(step)) for step in ("T", "T − d"))
    sign = Identifier("d", Style.UPRIGHT)
    return Fenced(Row((sign, last, Operator("/"), sign, earlier)), "‖")


def _names(found: Analysis, voice: Voice) -> dict[str, Tree]:
    """The symbol of every variable, of one without a name what it stands for."""
    named = {v.name: voice.name(v, found.model) for v in found.model.variables if v.definition is None}
    return named | {v.name: voice.tree(v.at(), found.model) for v in found.model.variables if v.definition is not None}


def _terms(found: Analysis, voice: Voice) -> Iterable[Block]:
    """The table of one gradient: that of a recurrent matrix, else of a parameter that reaches a state."""
    item = analyze.main(found)
    if item is None:
        return
    name, norms = _names(found, voice)[item.name], item.norms[drawable(item.norms)]
    if not norms.size:
        yield Paragraph(voice.say("analysis.terms.nothing", name=name))
        return
    cells = Cells(item.norms, item.pairs, voice.word("analysis.terms.row"), voice.word("analysis.terms.column"))
    caption = voice.say("analysis.terms.caption", name=name, least=cell(norms.min()), largest=cell(norms.max()))
    yield Plotted(plot.table(cells), voice.word("analysis.terms.title", name=item.name), caption)


def _shares(found: Analysis, voice: Voice) -> Iterable[Block]:
    assert found.table is not None
    if not found.table.terms:
        return
    places, say, names = shown(found.data.T - 1), voice.say, _names(found, voice)
    head = [say("analysis.shares.parameter"), say("analysis.shares.norm")]
    head += [(math(voice.word("analysis.shares.distance", d=str(d))),) for d in places]
    rows: list[tuple[Prose, ...]] = [
        ((names[i.name],), (cell(i.total),), *((percent(i.by_distance[d]),) for d in places)) for i in found.table.terms
    ]
    yield Paragraph(say("analysis.shares.intro"))
    yield Table(tuple(head), tuple(rows))


def _window(found: Analysis, voice: Voice) -> Iterable[Block]:
    assert found.table is not None
    places, names = [K for K in shown(found.data.T) if K], _names(found, voice)
    items = [item for item in found.table.terms if item.biased]
    if not items:
        return
    head = (voice.say("analysis.shares.parameter"), *((math(voice.word("analysis.window.length", K=str(K))),) for K in places))
    yield Paragraph(voice.say("analysis.window.intro"))
    yield Table(head, tuple(((names[i.name],), *((cell(i.bias[K] / i.total),) for K in places)) for i in items))


def _distance(found: Analysis, voice: Voice) -> Iterable[Block]:
    growth = found.growth
    if growth is None:
        return
    series = {voice.word(f"analysis.distance.{name}"): values for name, values in growth.curves.items()}
    for name, norms in growth.long.direct.items():
        series[voice.word("analysis.distance.direct", name=name)] = norms
    chart = Curves(tuple(series.items()), voice.word("analysis.distance.along"))
    if not chart.known.size:
        yield Paragraph(voice.say("analysis.distance.nothing"))
        return
    caption = voice.say("analysis.distance.caption", product=_product())
    yield Plotted(plot.chart(chart), voice.word("analysis.distance.title"), caption)
    yield Paragraph(_verdict(growth, voice))


def _verdict(growth: Growth, voice: Voice) -> Prose:
    found = growth.verdict
    said = voice.say(f"analysis.verdict.{_VERDICTS[found.kind]}", bound=cell(found.bound), rate=cell(found.rate))
    largest = float(growth.long.exponents[:, 0].max())
    return (*said, " ", *voice.say("analysis.verdict.lyapunov", value=cell(largest))) if np.isfinite(largest) else said


def _spectra(found: Analysis, voice: Voice) -> Iterable[Block]:
    growth = found.growth
    if growth is None:
        return
    say, names = voice.say, _names(found, voice)
    rows: list[tuple[Prose, ...]] = [
        ((names.get(s.name, s.name),), (cell(s.largest),), (cell(s.smallest),), (cell(s.radius),)) for s in found.spectra
    ]
    spans = (growth.long.singular[..., 0], growth.long.singular[..., -1], growth.long.radii)
    rows.append((say("analysis.spectra.jacobians"), *(
        say("analysis.spectra.span", low=cell(float(v.min())), high=cell(float(v.max()))) for v in spans)))
    yield Paragraph(say("analysis.spectra.intro"))
    yield Table(tuple(say(f"analysis.spectra.{key}") for key in ("matrix", "largest", "smallest", "radius")), tuple(rows))


def _units(found: Analysis, voice: Voice) -> Iterable[Block]:
    if not found.units:
        return
    names = _names(found, voice)
    rows = tuple(
        ((names[u.variable],), (u.activation,), (cell(u.slope),), (percent(u.saturated),),
         voice.say("analysis.units.count", dead=str(u.dead), count=str(u.count)))
        for u in found.units
    )
    yield Paragraph(voice.say("analysis.units.intro"))
    yield Table(tuple(voice.say(f"analysis.units.{key}") for key in ("value", "activation", "slope", "saturated", "dead")), rows)


PARTS: dict[str, Callable[[Analysis, Voice], Iterable[Block]]] = {
    "terms": _terms, "shares": _shares, "window": _window, "distance": _distance, "spectra": _spectra, "units": _units,
}
"""What a document can show of an analysis, in order."""


def _opening(found: Analysis, voice: Voice) -> Iterable[Block]:
    data = found.data
    sizes = voice.listed(math(f"{name} = {size}") for name, size in data.dims.items())
    yield Paragraph(voice.say("analysis.intro", model=found.model.title, steps=str(data.T), samples=str(data.N), sizes=sizes,
                              seed=str(SEED)))
    for item in found.table.terms if found.table else ():
        if not item.agrees:
            yield Paragraph(voice.say("analysis.disagrees", name=item.name, error=cell(item.error)))
    if found.table is not None and not np.isfinite(found.table.loss):
        yield Paragraph(voice.say("analysis.overflow"))


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """The parts asked for, all if none is named, in their order; raises UnknownName for one that is not in the table."""
    asked = tuple(names) or tuple(PARTS)
    for name in asked:
        if name not in PARTS:
            raise UnknownName("part of an analysis", name, PARTS)
    return tuple(name for name in PARTS if name in asked)


def measured(context: DocumentContext) -> tuple[Block, ...]:
    """The section, with the parts that are asked for; several models are put side by side as well."""
    voice, T, parts = context.voice, max(context.T, STEPS), chosen(context.analysis)
    made: list[Block] = [Heading(voice.word("analysis.heading"), "analysis")]
    for model in context.models:
        found = analyze.flow(model, T, seed=SEED, every=False)
        made += _opening(found, voice)
        for name in parts:
            made += PARTS[name](found, voice)
    return (*made, *_compared(context, T))


def _compared(context: DocumentContext, T: int) -> Iterable[Block]:
    voice = context.voice
    if len(context.models) < 2 or not all(model.states for model in context.models):
        return
    rows = analyze.compare_models(context.models, analyze.Options(T=T, seed=SEED)).value
    head = tuple(voice.say(f"analysis.compare.{key}") for key in ("model", "far", "reach", "rate"))
    yield Paragraph(voice.say("analysis.compare.intro", far=str(T // 2)))
    yield Table(head, tuple(((r.label,), (percent(r.far),), (cell(r.reach),), (cell(r.rate),)) for r in rows))
    series = {row.label: row.analysis.growth.measured for row in rows}
    chart = Curves(tuple(series.items()), voice.word("analysis.distance.along"))
    caption = voice.say("analysis.compare.caption", product=_product())
    if chart.known.size:
        yield Plotted(plot.chart(chart), voice.word("analysis.compare.title"), caption)
