"""How large the terms are: the table of their sizes in one example, and over many draws what a distance leaves of a term."""

from functools import lru_cache

import numpy as np
import sympy as sp

from symbptt.analyze import columns as measured
from symbptt.analyze.decay import quartiles, sizes
from symbptt.document.blocks import Block, Heading, LeftOut, Paragraph, Table
from symbptt.document.context import DocumentContext
from symbptt.document.narrow import abreast
from symbptt.document.sizes import terms, written
from symbptt.model.values import Model, Variable
from symbptt.narrative.forward import is_recurrent
from symbptt.narrative.inline import math
from symbptt.narrative.norms import LONGEST, norms
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.values import Prose

LEAST = 6
"""The least number of steps of the table of terms."""


@lru_cache(maxsize=8)
def over_draws(model: Model, variable: Variable) -> measured.Columns:
    """The terms over many draws, measured once for all parts."""
    return measured.columns(model, variable)


def magnitude(context: DocumentContext) -> tuple[Block, ...]:
    """The norms of all terms of one parameter, coloured by distance, and what a distance leaves of a term."""
    model, presentation, theta = context.model, context.presentation, context.main
    if not is_recurrent(model):
        return (LeftOut(presentation.prose("handout.magnitude.left_out")),)
    if theta is None:
        return (LeftOut(presentation.prose("handout.magnitude.untied")),)
    T = min(max(context.T, LEAST), LONGEST)
    found = norms(model, presentation, T, (theta,))
    listed = presentation.listed(math(f"{name} = {size}") for name, size in (("T", T), *found.sizes))
    symbol = presentation.tree(theta.at(), model)
    intro = Paragraph(presentation.prose("handout.magnitude.intro", parameter=symbol, sizes=listed, seed=str(found.seed)))
    heading, table = Heading(presentation.text("handout.magnitude.heading"), "magnitude"), terms(found, presentation)
    said, ratios = _by_distance(over_draws(model, theta), model, presentation)
    if context.full:
        return (heading, intro, table, *said, *ratios)
    return (heading, intro, *said, *abreast((table,), ratios))


def _by_distance(found: measured.Columns, model: Model, presentation: Presentation) -> tuple[tuple[Block, ...],
    tuple[Block, ...]]:
    """A term beside that of its own step in the same column, by distance, as words and a table; nothing where a column has
    one term alone."""
    known = [d for d in range(1, measured.STEPS) if np.isfinite(found.ratios[:, :, d]).any()]
    if not known:
        return (), ()
    listed = presentation.listed(math(f"{name} = {size}") for name, size in (("T", measured.STEPS),
        *sorted(sizes(model).items())))
    shown = [quartiles(found.ratios[:, :, d][np.isfinite(found.ratios[:, :, d])]) for d in known]
    head = (presentation.prose("handout.magnitude.distance"), *((str(d),) for d in known))
    rows: list[tuple[Prose, ...]] = [
        (presentation.prose(f"handout.magnitude.{name}"), *(written(float(three[i])) for three in shown))
        for name, i in (("median", 1), ("lower", 0), ("upper", 2))
    ]
    said = presentation.prose("handout.magnitude.ratio", sizes=listed, seeds=str(measured.SEEDS))
    return (Paragraph((*said, *_empty(found, model, presentation))),), (Table(head, tuple(rows)),)


def _empty(found: measured.Columns, model: Model, presentation: Presentation) -> Prose:
    """Which columns no draw has a ratio of, and why where it is known."""
    columns = [k for k in range(1, measured.STEPS + 1) if np.isnan(found.ratios[:, k - 1, 0]).all()]
    if columns == [1] and found.rests:
        starts = [presentation.equation(model, state.at(0), sp.Integer(0)) for state in model.states if state.initial is None]
        return presentation.prose("handout.magnitude.empty_start", start=presentation.listed(starts))
    listed = presentation.listed(math(f"k = {k}") for k in columns)
    return presentation.prose("handout.magnitude.empty", columns=listed) if columns else ()
