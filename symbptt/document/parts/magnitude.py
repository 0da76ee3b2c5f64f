"""How large the terms are: the table of their sizes in one example, and over many draws what a distance leaves of a term."""

from __future__ import annotations

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
from symbptt.narrative.values import Prose
from symbptt.narrative.voice import Voice

LEAST = 6
"""The least number of steps of the table of terms."""


@lru_cache(maxsize=8)
def over_draws(model: Model, variable: Variable) -> measured.Columns:
    """The terms over many draws, measured once for all parts."""
    return measured.columns(model, variable)


def magnitude(context: DocumentContext) -> tuple[Block, ...]:
    """The norms of all terms of one parameter, coloured by distance, and what a distance leaves of a term."""
    model, voice, theta = context.model, context.voice, context.main
    if not is_recurrent(model):
        return (LeftOut(voice.say("handout.magnitude.left_out")),)
    if theta is None:
        return (LeftOut(voice.say("handout.magnitude.untied")),)
    T = min(max(context.T, LEAST), LONGEST)
    found = norms(model, voice, T, (theta,))
    listed = voice.listed(math(f"{name} = {size}") for name, size in (("T", T), *found.sizes))
    symbol = voice.tree(theta.at(), model)
    intro = Paragraph(voice.say("handout.magnitude.intro", parameter=symbol, sizes=listed, seed=str(found.seed)))
    heading, table = Heading(voice.word("handout.magnitude.heading"), "magnitude"), terms(found, voice)
    said, ratios = _by_distance(over_draws(model, theta), model, voice)
    if context.full:
        return (heading, intro, table, *said, *ratios)
    return (heading, intro, *said, *abreast((table,), ratios))


def _by_distance(found: measured.Columns, model: Model, voice: Voice) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """A term beside that of its own step in the same column, by distance, as words and a table; nothing where a column has
    one term alone."""
    known = [d for d in range(1, measured.STEPS) if np.isfinite(found.ratios[:, :, d]).any()]
    if not known:
        return (), ()
    listed = voice.listed(math(f"{name} = {size}") for name, size in (("T", measured.STEPS), *sorted(sizes(model).items())))
    shown = [quartiles(found.ratios[:, :, d][np.isfinite(found.ratios[:, :, d])]) for d in known]
    head = (voice.say("handout.magnitude.distance"), *((str(d),) for d in known))
    rows: list[tuple[Prose, ...]] = [
        (voice.say(f"handout.magnitude.{name}"), *(written(float(three[i])) for three in shown))
        for name, i in (("median", 1), ("lower", 0), ("upper", 2))
    ]
    said = voice.say("handout.magnitude.ratio", sizes=listed, seeds=str(measured.SEEDS))
    return (Paragraph((*said, *_empty(found, model, voice))),), (Table(head, tuple(rows)),)


def _empty(found: measured.Columns, model: Model, voice: Voice) -> Prose:
    """Which columns no draw has a ratio of, and why where it is known."""
    columns = [k for k in range(1, measured.STEPS + 1) if np.isnan(found.ratios[:, k - 1, 0]).all()]
    if columns == [1] and found.rests:
        starts = [voice.equation(model, state.at(0), sp.Integer(0)) for state in model.states if state.initial is None]
        return voice.say("handout.magnitude.empty_start", start=voice.listed(starts))
    listed = voice.listed(math(f"k = {k}") for k in columns)
    return voice.say("handout.magnitude.empty", columns=listed) if columns else ()
