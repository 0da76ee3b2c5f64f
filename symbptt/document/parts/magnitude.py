"""How large the terms are: the table of their sizes in one example, and over many draws what a distance leaves of a term."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import sympy as sp

from symbptt.analyze.columns import SEEDS, STEPS, Columns, columns
from symbptt.analyze.decay import quartiles, sizes
from symbptt.document.blocks import Block, Heading, LeftOut, Paragraph, Table
from symbptt.document.context import DocumentContext
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
def over_draws(model: Model, variable: Variable) -> Columns:
    """The terms over many draws, measured once for all parts."""
    return columns(model, variable)


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
    return (
        Heading(voice.word("handout.magnitude.heading"), "magnitude"),
        Paragraph(voice.say("handout.magnitude.intro", parameter=symbol, sizes=listed, seed=str(found.seed))),
        terms(found, voice), *_by_distance(over_draws(model, theta), model, voice),
    )


def _by_distance(found: Columns, model: Model, voice: Voice) -> tuple[Block, ...]:
    """A term beside that of its own step in the same column, by distance; nothing where a column has one term alone."""
    known = [d for d in range(1, STEPS) if np.isfinite(found.ratios[:, :, d]).any()]
    if not known:
        return ()
    listed = voice.listed(math(f"{name} = {size}") for name, size in (("T", STEPS), *sorted(sizes(model).items())))
    shown = [quartiles(found.ratios[:, :, d][np.isfinite(found.ratios[:, :, d])]) for d in known]
    head = (voice.say("handout.magnitude.distance"), *((str(d),) for d in known))
    rows: list[tuple[Prose, ...]] = [
        (voice.say(f"handout.magnitude.{name}"), *(written(float(three[i])) for three in shown))
        for name, i in (("median", 1), ("lower", 0), ("upper", 2))
    ]
    said = voice.say("handout.magnitude.ratio", sizes=listed, seeds=str(SEEDS))
    return (Paragraph((*said, *_empty(found, model, voice))), Table(head, tuple(rows)))


def _empty(found: Columns, model: Model, voice: Voice) -> Prose:
    """Which columns no draw has a ratio of, and why where it is known."""
    columns = [k for k in range(1, STEPS + 1) if np.isnan(found.ratios[:, k - 1, 0]).all()]
    if columns == [1] and found.rests:
        starts = [voice.equation(model, state.at(0), sp.Integer(0)) for state in model.states if state.initial is None]
        return voice.say("handout.magnitude.empty_start", start=voice.listed(starts))
    listed = voice.listed(math(f"k = {k}") for k in columns)
    return voice.say("handout.magnitude.empty", columns=listed) if columns else ()
