"""The measured flow of the gradient: tables and figures of `analyze`, for the end of any document."""

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
from symbptt.narrative.presentation import Presentation
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


def _names(found: Analysis, presentation: Presentation) -> dict[str, Tree]:
    """The symbol of every variable, of one without a name what it stands for."""
    named = {v.name: presentation.name(v, found.model) for v in found.model.variables if v.definition is None}
    return named | {v.name: presentation.tree(v.at(), found.model) for v in found.model.variables if v.definition is not None}


def _terms(found: Analysis, presentation: Presentation) -> Iterable[Block]:
    """The table of one gradient: that of a recurrent matrix, else of a parameter that reaches a state."""
    item = analyze.main(found)
    if item is None:
        return
    name, norms = _names(found, presentation)[item.name], item.norms[drawable(item.norms)]
    if not norms.size:
        yield Paragraph(presentation.prose("analysis.terms.nothing", name=name))
        return
    cells = Cells(item.norms, item.pairs, presentation.plain("analysis.terms.row"), presentation.plain("analysis.terms.column"))
    caption = presentation.prose("analysis.terms.caption", name=name, least=cell(norms.min()), largest=cell(norms.max()))
    yield Plotted(plot.table(cells), presentation.text("analysis.terms.title", name=item.name), caption)


def _shares(found: Analysis, presentation: Presentation) -> Iterable[Block]:
    assert found.table is not None
    if not found.table.terms:
        return
    places, say, names = shown(found.data.T - 1), presentation.prose, _names(found, presentation)
    head = [say("analysis.shares.parameter"), say("analysis.shares.norm")]
    head += [(math(presentation.text("analysis.shares.distance", d=str(d))),) for d in places]
    rows: list[tuple[Prose, ...]] = [
        ((names[i.name],), (cell(i.total),), *((percent(i.by_distance[d]),) for d in places)) for i in found.table.terms
    ]
    yield Paragraph(say("analysis.shares.intro"))
    yield Table(tuple(head), tuple(rows))


def _window(found: Analysis, presentation: Presentation) -> Iterable[Block]:
    assert found.table is not None
    places, names = [K for K in shown(found.data.T) if K], _names(found, presentation)
    items = [item for item in found.table.terms if item.biased]
    if not items:
        return
    head = (presentation.prose("analysis.shares.parameter"), *((math(presentation.text("analysis.window.length", K=str(K))),)
        for K in places))
    yield Paragraph(presentation.prose("analysis.window.intro"))
    yield Table(head, tuple(((names[i.name],), *((cell(i.bias[K] / i.total),) for K in places)) for i in items))


def _distance(found: Analysis, presentation: Presentation) -> Iterable[Block]:
    growth = found.growth
    if growth is None:
        return
    series = {presentation.text(f"analysis.distance.{name}"): values for name, values in growth.curves.items()}
    for name, norms in growth.long.direct.items():
        series[presentation.text("analysis.distance.direct", name=name)] = norms
    chart = Curves(tuple(series.items()), presentation.text("analysis.distance.along"))
    if not chart.known.size:
        yield Paragraph(presentation.prose("analysis.distance.nothing"))
        return
    caption = presentation.prose("analysis.distance.caption", product=_product())
    yield Plotted(plot.chart(chart), presentation.text("analysis.distance.title"), caption)
    yield Paragraph(_verdict(growth, presentation))


def _verdict(growth: Growth, presentation: Presentation) -> Prose:
    found = growth.verdict
    said = presentation.prose(f"analysis.verdict.{_VERDICTS[found.kind]}", bound=cell(found.bound), rate=cell(found.rate))
    largest = float(growth.long.exponents[:, 0].max())
    return (*said, " ", *presentation.prose("analysis.verdict.lyapunov", value=cell(largest))) if np.isfinite(largest) else said


def _spectra(found: Analysis, presentation: Presentation) -> Iterable[Block]:
    growth = found.growth
    if growth is None:
        return
    say, names = presentation.prose, _names(found, presentation)
    rows: list[tuple[Prose, ...]] = [
        ((names.get(s.name, s.name),), (cell(s.largest),), (cell(s.smallest),), (cell(s.radius),)) for s in found.spectra
    ]
    spans = (growth.long.singular[..., 0], growth.long.singular[..., -1], growth.long.radii)
    rows.append((say("analysis.spectra.jacobians"), *(
        say("analysis.spectra.span", low=cell(float(v.min())), high=cell(float(v.max()))) for v in spans)))
    yield Paragraph(say("analysis.spectra.intro"))
    yield Table(tuple(say(f"analysis.spectra.{key}") for key in ("matrix", "largest", "smallest", "radius")), tuple(rows))


def _units(found: Analysis, presentation: Presentation) -> Iterable[Block]:
    if not found.units:
        return
    names = _names(found, presentation)
    rows = tuple(
        ((names[u.variable],), (u.activation,), (cell(u.slope),), (percent(u.saturated),),
         presentation.prose("analysis.units.count", dead=str(u.dead), count=str(u.count)))
        for u in found.units
    )
    yield Paragraph(presentation.prose("analysis.units.intro"))
    yield Table(tuple(presentation.prose(f"analysis.units.{key}")
        for key in ("value", "activation", "slope", "saturated", "dead")), rows)


PARTS: dict[str, Callable[[Analysis, Presentation], Iterable[Block]]] = {
    "terms": _terms, "shares": _shares, "window": _window, "distance": _distance, "spectra": _spectra, "units": _units,
}
"""What a document can show of an analysis, in order."""


def _opening(found: Analysis, presentation: Presentation) -> Iterable[Block]:
    data = found.data
    sizes = presentation.listed(math(f"{name} = {size}") for name, size in data.dims.items())
    yield Paragraph(presentation.prose("analysis.intro", model=found.model.title, steps=str(data.T), samples=str(data.N),
                              sizes=sizes,
                              seed=str(SEED)))
    for item in found.table.terms if found.table else ():
        if not item.agrees:
            yield Paragraph(presentation.prose("analysis.disagrees", name=item.name, error=cell(item.error)))
    if found.table is not None and not np.isfinite(found.table.loss):
        yield Paragraph(presentation.prose("analysis.overflow"))


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """The parts asked for, all if none is named, in their order; raises UnknownName for one that is not in the table."""
    asked = tuple(names) or tuple(PARTS)
    for name in asked:
        if name not in PARTS:
            raise UnknownName("part of an analysis", name, PARTS)
    return tuple(name for name in PARTS if name in asked)


def measured(context: DocumentContext) -> tuple[Block, ...]:
    """The section, with the parts that are asked for; several models are put side by side as well."""
    presentation, T, parts = context.presentation, max(context.T, STEPS), chosen(context.analysis)
    made: list[Block] = [Heading(presentation.text("analysis.heading"), "analysis")]
    for model in context.models:
        found = analyze.flow(model, T, seed=SEED, every=False)
        made += _opening(found, presentation)
        for name in parts:
            made += PARTS[name](found, presentation)
    return (*made, *_compared(context, T))


def _compared(context: DocumentContext, T: int) -> Iterable[Block]:
    presentation = context.presentation
    if len(context.models) < 2 or not all(model.states for model in context.models):
        return
    rows = analyze.compare_models(context.models, analyze.Options(T=T, seed=SEED)).value
    head = tuple(presentation.prose(f"analysis.compare.{key}") for key in ("model", "far", "reach", "rate"))
    yield Paragraph(presentation.prose("analysis.compare.intro", far=str(T // 2)))
    yield Table(head, tuple(((r.label,), (percent(r.far),), (cell(r.reach),), (cell(r.rate),)) for r in rows))
    series = {row.label: row.analysis.growth.measured for row in rows}
    chart = Curves(tuple(series.items()), presentation.text("analysis.distance.along"))
    caption = presentation.prose("analysis.compare.caption", product=_product())
    if chart.known.size:
        yield Plotted(plot.chart(chart), presentation.text("analysis.compare.title"), caption)
