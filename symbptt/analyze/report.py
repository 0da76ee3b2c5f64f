"""An analysis as text for a terminal."""

from collections.abc import Iterator

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.analyze import report_asked, report_terms
from symbptt.analyze.analysis import Analysis, Enlarging, Growth
from symbptt.analyze.layout import cell, columns, shown
from symbptt.analyze.products import WHOLE, Block
from symbptt.analyze.report_terms import WIDE
from symbptt.analyze.spectrum import Spectrum
from symbptt.analyze.units import Units
from symbptt.analyze.verdict import rate
from symbptt.data.values import Data

CURVES = {"measured": "measured", "jacobians": "product of ||J||", "closed": "(gamma sigma_max)^d"}


def as_text(analysis: Analysis) -> str:
    """The report: notes first, then terms, products, spectra, growth, units, and what was asked for."""
    lines = [opening(analysis.model.name, analysis.data)]
    lines += [f"note: {note}" for note in analysis.notes]
    for section in sections(analysis):
        lines += ["", *section]
    return "\n".join(lines)


def opening(name: str, data: Data) -> str:
    """The first line of a report: the model, its sizes, where the values come from."""
    sizes = ", ".join(f"{dimension} = {size}" for dimension, size in data.dims.items())
    return f"gradient flow of {name}: T = {data.T}, N = {data.N}, {sizes}; {data.source}"


def sections(analysis: Analysis) -> Iterator[list[str]]:
    """The sections of the report, each a list of lines."""
    if analysis.table is not None:
        yield from report_terms.sections(analysis.table)
    if analysis.blocks:
        yield [*_products(analysis.blocks, analysis.kind)]
    if analysis.growth is not None:
        yield [*_factors(analysis, analysis.growth)]
    if analysis.spectra:
        yield [*_spectra(analysis.spectra)]
    if analysis.growth is not None:
        yield [*_growth(analysis.growth)]
    if analysis.enlarging is not None:
        yield [_enlarging(analysis.enlarging)]
    if analysis.units:
        yield [*_units(analysis.units)]
    yield from report_asked.sections(analysis)


def _products(blocks: tuple[Block, ...], kind: str) -> Iterator[str]:
    T = len(blocks[0].norms) - 1
    places = [d for d in shown(T) if d]
    yield f"state-Jacobian products ds_T/ds_(T-d) ({kind} norm, the worst sample)"
    rows = [(_name(b), *(cell(b.norms[T, T - d]) for d in places), cell(rate(b.norms[T, ::-1]))) for b in blocks]
    yield from columns([("", *(f"d={d}" for d in places), "rate"), *rows])
    if not blocks[0].complete:
        yield "  only the products from t = T were made; --products all makes every pair"


def _name(block: Block) -> str:
    if block.direct:
        return f"d{block.row}/d{block.column} direct route only"
    return "all states" if block.row == WHOLE else f"d{block.row}/d{block.column}"


def _factors(analysis: Analysis, growth: Growth) -> Iterator[str]:
    """The factors of the terms: pair by pair with few steps, else their least, middle and largest norm."""
    T = analysis.data.T
    series: list[tuple[str, Array]] = [("J_k = ds_k/ds_(k-1)", growth.long.sizes)]
    for signal in analysis.table.signals if analysis.table else ():
        series.append((f"dL_k/d{signal.state}_k", np.diagonal(signal.norms)))
    series += [(f"d+s_k/d{item.name}", item.norms) for item in analysis.immediate if item.norms.any()]
    yield f"factors of the terms ({analysis.kind} norm)"
    if T <= WIDE:
        head = ("", *(f"k={k}" for k in range(1, T + 1)))
        yield from columns([head, *((name, *(cell(v) for v in values)) for name, values in series)])
    else:
        rows = [(name, cell(v.min()), cell(float(np.median(v))), cell(v.max())) for name, v in series]
        yield from columns([("", "least", "median", "largest"), *rows])
    if not analysis.immediate:
        yield "  the factors d+s_k/d theta were left out; --products all makes them"


def _spectra(spectra: tuple[Spectrum, ...]) -> Iterator[str]:
    yield "recurrent matrices"
    rows = [(s.name, cell(s.largest), cell(s.smallest), cell(s.radius), cell(s.departure)) for s in spectra]
    yield from columns([("", "sigma_max", "sigma_min", "radius", "departure from normal"), *rows])


def _growth(growth: Growth) -> Iterator[str]:
    T = len(growth.measured) - 1
    places = [d for d in shown(T) if d]
    yield "the long product in the 2-norm, beside its bounds"
    rows = [(CURVES[name], *(cell(values[d]) for d in places)) for name, values in growth.curves.items()]
    yield from columns([("", *(f"d={d}" for d in places)), *rows])
    long = growth.long
    spans = [(word, f"{cell(v.min())} to {cell(v.max())}") for word, v in (
        ("sigma_max", long.singular[..., 0]), ("sigma_min", long.singular[..., -1]), ("radius", long.radii))]
    yield f"  Jacobians J_1 .. J_{T}: " + ", ".join(f"{word} {span}" for word, span in spans)
    largest = long.exponents[:, 0]
    yield f"  largest Lyapunov exponent: {', '.join(f'{value:.4g}' for value in largest)} (by sample; 0 keeps its size)"
    yield f"  {growth.verdict.words}"


def _enlarging(where: Enlarging) -> str:
    what = f"|w {where.activation}'(z)| > 1 for w = sigma_max = {where.weight:.4g}"
    if not where.intervals:
        return f"no pre-activation enlarges: {what} has no solution"
    found = " or ".join(item.words() for item in where.intervals)
    return f"pre-activations that can enlarge: {found}, where {what}; {where.met:.0%} of those met"


def _units(found: tuple[Units, ...]) -> list[str]:
    rows = [(u.name, u.activation, cell(u.slope), f"{u.saturated:.0%}", f"{u.dead} of {u.count}") for u in found]
    return ["units", *columns([("", "activation", "mean slope", "saturated", "dead"), *rows])]
