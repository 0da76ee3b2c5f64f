"""How the chunk form comes about: the state over the tokens of a chunk, what is read of it, the triangle (t, k) in tiles."""

from collections.abc import Iterator

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.nodes import BETWEEN, TIME, Elementwise, InverseUnitLower, SumOver, Timed
from symbptt.chunk.recurrence import Recurrence
from symbptt.document.blocks import Block, Heading, Lines, Paragraph, Plotted
from symbptt.document.context import DocumentContext
from symbptt.draw import plot
from symbptt.model.values import Model
from symbptt.narrative.values import Prose
from symbptt.typeset.tree import Tree

MOST_TOKENS, MOST_CHUNKS = 4, 4
"""What the picture shows at most."""
_TOKEN = sp.Symbol("i", integer=True)


def chunks(context: DocumentContext) -> tuple[Block, ...]:
    """The derivation of the chunk form, with its picture."""
    form, presentation = context.chunks, context.presentation
    assert form is not None
    lines = tuple(line for r in form.recurrences for line in _lines(context, form.token, r))
    system = tuple(_systems(context))
    axes = (presentation.plain(f"analysis.terms.{name}") for name in ("row", "column"))
    size, count = min(context.chunk, MOST_TOKENS), max(2, min(context.T, MOST_CHUNKS))
    states = presentation.listed(presentation.tree(r.state.at(TIME - 1), form.token) for r in form.recurrences)
    return (
        Heading(presentation.text("chunks.heading"), "chunks"),
        Paragraph(presentation.prose("chunks.intro", tokens=str(context.chunk),
            mask=presentation.name(form.model[form.mask], form.model))),
        Lines(lines), Paragraph(presentation.prose("chunks.reads")),
        *((Paragraph(presentation.prose("chunks.system")), Lines(system)) if system else ()),
        Paragraph(presentation.prose("chunks.backward", states=states)),
        Plotted(plot.tiles(size, count, *axes), presentation.text("chunks.picture"),
            presentation.prose("chunks.caption", states=states)),
    )


def _lines(context: DocumentContext, token: Model, found: Recurrence) -> Iterator[tuple[Tree, Prose]]:
    """The state of a token; the sum of the logarithms of its decays; the state after i tokens of a chunk."""
    presentation, state = context.presentation, found.state
    (equation,) = (e for e in token.equations if e.target.name == state.name)
    yield presentation.equation(token, equation.target.at(), equation.value), presentation.prose("chunks.token")
    sums = None
    if found.log_decay is not None:
        rows = found.log_decay.shape[0]
        name = next(n for n in ("c", f"c_{state.name}", "sum") if n not in {v.name for v in token.variables})
        sums = lambda step: Timed(name, rows, 1, step)  # noqa: E731
        total = SumOver(found.log_decay.xreplace({TIME: BETWEEN}), BETWEEN, sp.S.One, _TOKEN)
        yield presentation.equation(token, sums(_TOKEN), total), presentation.prose("chunks.sums")
    start = state.at(0)
    along_rows = found.held.keys == "rows"
    grown = start if sums is None else _decayed(Elementwise("exp", sums(_TOKEN)), start, along_rows)
    terms = []
    for key, value in found.pairs:
        key, value = key.xreplace({TIME: BETWEEN}), value.xreplace({TIME: BETWEEN, TIME - 1: BETWEEN - 1})
        if sums is not None:
            since = Elementwise("exp", tidy.add(sums(_TOKEN), tidy.scale(-1, sums(BETWEEN))))
            key = tidy.hadamard(since if since.shape == key.shape else tidy.spread(since, *key.shape), key)
        outer = tidy.mul(key, tidy.transpose(value)) if along_rows else tidy.mul(value, tidy.transpose(key))
        terms.append(SumOver(outer, BETWEEN, sp.S.One, _TOKEN))
    yield presentation.equation(token, state.at(_TOKEN), tidy.add(grown, *terms)), presentation.prose("chunks.unrolled")


def _decayed(decay: MatrixExpr, start: MatrixExpr, along_rows: bool) -> MatrixExpr:
    """A state whose keys, along rows or columns, decay."""
    if decay.shape == (1, 1):
        return tidy.hadamard(tidy.spread(decay, *start.shape), start)
    if along_rows:
        return tidy.hadamard(tidy.mul(decay, OneMatrix(1, start.shape[1])), start)
    return tidy.hadamard(tidy.mul(OneMatrix(start.shape[0], 1), tidy.transpose(decay)), start)


def _systems(context: DocumentContext) -> Iterator[tuple[Tree, Prose]]:
    """The values that solve a triangular system."""
    model = context.model
    inverses = {e.target.at() for e in model.equations if e.value.has(InverseUnitLower)}
    for equation in model.equations:
        solved = equation.value.has(InverseUnitLower) or bool(equation.value.atoms(Timed) & inverses)
        if solved and equation.target.definition is None:
            yield context.presentation.equation(model, equation.target.at(), equation.value), ()
