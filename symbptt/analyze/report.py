"""An analysis as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.analyze.analysis import Analysis, Enlarging, Growth
from symbptt.analyze.products import WHOLE, Block
from symbptt.analyze.spectrum import Spectrum
from symbptt.analyze.table import Table, Terms
from symbptt.analyze.verdict import rate

WIDE = 8
"""A table with more steps is shown by distance only, not pair by pair."""
DISTANCES = (0, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)


def cell(value: float) -> str:
    """A number in at most nine characters."""
    return f"{value:.3g}" if value else "0"


def columns(rows: Iterable[Sequence[str]], indent: str = "  ") -> list[str]:
    """Rows in columns: the first one to the left, the others to the right."""
    table = [tuple(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = []
    for first, *others in table:
        cells = [first.ljust(widths[0]), *(c.rjust(w) for c, w in zip(others, widths[1:], strict=True))]
        lines.append((indent + "  ".join(cells)).rstrip())
    return lines


def _shown(T: int) -> list[int]:
    return [d for d in DISTANCES if d < T - 1] + [T - 1]


def as_text(analysis: Analysis) -> str:
    """The report: notes first, then terms, products, spectra, growth, units."""
    point = analysis.data
    sizes = ", ".join(f"{name} = {size}" for name, size in point.dims.items())
    lines = [f"gradient flow of {analysis.model.name}: T = {point.T}, N = {point.N}, {sizes}; {point.source}"]
    lines += [f"note: {note}" for note in analysis.notes]
    if analysis.table is not None:
        lines += ["", *_terms(analysis.table)]
        for item in analysis.table.terms if analysis.table.T <= WIDE else ():
            lines += ["", *_pairs(item)]
    if analysis.blocks:
        lines += ["", *_products(analysis.blocks, analysis.kind)]
    if analysis.spectra:
        lines += ["", *_spectra(analysis.spectra)]
    if analysis.growth is not None:
        lines += ["", *_growth(analysis.growth)]
    if analysis.enlarging is not None:
        lines += ["", _enlarging(analysis.enlarging)]
    if analysis.units:
        rows = [(u.name, u.activation, cell(u.slope), f"{u.saturated:.0%}", f"{u.dead} of {u.count}") for u in analysis.units]
        lines += ["", "units", *columns([("", "activation", "mean slope", "saturated", "dead"), *rows])]
    for section in (_truncation(analysis), _randomised(analysis), _modes(analysis)):
        lines += ["", *section] if section else []
    return "\n".join(lines)


def _truncation(analysis: Analysis) -> list[str]:
    cut = analysis.truncation
    if cut is None:
        return []
    scheme = f"a window of {cut.k2} steps" if cut.k1 == 1 else f"every {cut.k1} steps back over at most {cut.k2}"
    rows = [(c.name, f"{c.kept} of {c.terms}", cell(c.bias), cell(c.cosine), f"{c.error:.0e}") for c in cut.cuts]
    head = ("", "terms kept", "bias/norm", "cosine", "emitted code differs by")
    return [f"truncated: {scheme}", *columns([head, *rows])]


def _randomised(analysis: Analysis) -> list[str]:
    if not analysis.randomised:
        return []
    rows = [(r.name, str(r.outcomes), cell(r.mean_error), cell(r.spread), cell(r.always_cut)) for r in analysis.randomised]
    head = ("", "outcomes", "mean differs by", "spread", "bias if always cut")
    return ["randomised truncation, all outcomes enumerated (relative to the norm of the gradient)", *columns([head, *rows])]


def _modes(analysis: Analysis) -> list[str]:
    if analysis.modes is None:
        return []
    rows = [(m.name, str(m.holds), f"{m.seconds * 1e3:.3g} ms", f"{m.peak / 1e6:.3g} MB")
            for m in (analysis.modes.backward, analysis.modes.forward)]
    head = ("", "numbers held", "time", "peak")
    return [f"backward and forward mode; gradients differ by {analysis.modes.error:.0e}", *columns([head, *rows])]


def _terms(table: Table) -> Iterator[str]:
    shown = _shown(table.T)
    yield f"norm of the gradient, and share of the terms by distance t - k ({table.kind} norm; loss {table.loss:.6g})"
    head = ("", "norm", "terms", "zero", *(f"d={d}" for d in shown), "sums agree")
    yield from columns([head, *(_term_row(item, shown) for item in table.terms)])


def _term_row(item: Terms, shown: list[int]) -> tuple[str, ...]:
    values = [item.norms[t - 1, k - 1] for t, k in item.pairs]
    by_distance = item.by_distance
    parts = ["-" if np.isnan(by_distance[d]) else f"{by_distance[d]:.1%}" for d in shown]
    agrees = f"{item.error:.0e}" if item.agrees else f"NO {item.error:.0e}"
    return (item.name, cell(item.total), str(len(values)), str(values.count(0)), *parts, agrees)


def _pairs(item: Terms) -> Iterator[str]:
    T = len(item.norms)
    yield f"terms (t, k) of {item.name}; rows add up to dL_t/d{item.name}, columns to what the backward loop adds at k"
    exists = set(item.pairs)
    rows = []
    for t in sorted({t for t, _ in exists}):
        cells = [cell(item.norms[t - 1, k - 1]) if (t, k) in exists else "" for k in range(1, T + 1)]
        rows.append((f"t={t}", *cells, cell(item.rows[t - 1])))
    foot = ("sum", *(cell(value) for value in item.columns), cell(item.total))
    yield from columns([("", *(f"k={k}" for k in range(1, T + 1)), "sum"), *rows, foot])


def _products(blocks: tuple[Block, ...], kind: str) -> Iterator[str]:
    T = len(blocks[0].norms) - 1
    shown = [d for d in _shown(T + 1) if d]
    yield f"state-Jacobian products ds_T/ds_(T-d) ({kind} norm, the worst sample)"
    rows = [(_name(b), *(cell(b.norms[T, T - d]) for d in shown), cell(rate(b.norms[T, ::-1]))) for b in blocks]
    yield from columns([("", *(f"d={d}" for d in shown), "rate"), *rows])
    if not blocks[0].complete:
        yield "  only the products from t = T were made; --products all makes every pair"


def _name(block: Block) -> str:
    if block.direct:
        return f"d{block.row}/d{block.column} direct route only"
    return "all states" if block.row == WHOLE else f"d{block.row}/d{block.column}"


def _spectra(spectra: tuple[Spectrum, ...]) -> Iterator[str]:
    yield "recurrent matrices"
    rows = [(s.name, cell(s.largest), cell(s.smallest), cell(s.radius), cell(s.departure)) for s in spectra]
    yield from columns([("", "sigma_max", "sigma_min", "radius", "departure from normal"), *rows])


def _growth(growth: Growth) -> Iterator[str]:
    T = len(growth.measured) - 1
    shown = [d for d in _shown(T + 1) if d]
    yield "the long product in the 2-norm, beside its bounds"
    series: list[tuple[str, Array]] = [("measured", growth.measured), ("product of ||J||", growth.jacobians)]
    if growth.closed is not None:
        series.append(("gamma sigma_max", growth.closed))
    yield from columns([("", *(f"d={d}" for d in shown)), *((name, *(cell(v[d]) for d in shown)) for name, v in series)])
    largest = growth.long.exponents[:, 0]
    yield f"  largest Lyapunov exponent: {', '.join(f'{value:.4g}' for value in largest)} (by sample; 0 keeps its size)"
    yield f"  {growth.verdict.words}"


def _enlarging(where: Enlarging) -> str:
    what = f"|w {where.activation}'(z)| > 1 for w = sigma_max = {where.weight:.4g}"
    if not where.intervals:
        return f"no pre-activation enlarges: {what} has no solution"
    found = " or ".join(f"{i.low:.4g} < z < {i.high:.4g}" for i in where.intervals)
    return f"pre-activations that can enlarge: {found}, where {what}; {where.met:.0%} of those met"
