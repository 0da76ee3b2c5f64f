"""How large the terms are: the table of their sizes, the bound on products of Jacobians, and what it does and does not decide."""

from __future__ import annotations

from math import isfinite

import numpy as np
import sympy as sp

from symbptt import analyze
from symbptt.algebra.nodes import BETWEEN, SOURCE, TIME, ProductOver
from symbptt.analyze import bound
from symbptt.analyze.data import adjusted, point
from symbptt.analyze.jacobian import coupled
from symbptt.derive import formula
from symbptt.document.blocks import Block, Bullets, Heading, LeftOut, Paragraph, Steps, Table
from symbptt.document.context import DocumentContext
from symbptt.document.sizes import rounded, terms, written
from symbptt.model.values import Model, Variable
from symbptt.narrative import symbols
from symbptt.narrative.forward import is_recurrent
from symbptt.narrative.inline import math
from symbptt.narrative.norms import LONGEST, norms
from symbptt.narrative.values import Norms, Prose, Step
from symbptt.narrative.voice import Voice
from symbptt.typeset.tree import Equality, Fenced, Identifier, Matrix, Number, Operator, Row, Script, Style, Tree

STEPS, MEASURED = 6, 20
"""The least number of steps of the table of terms, and that of the products that are measured."""
FACTORS = (0.9, 1.5, 4.0)
"""The values of gamma sigma_max(W) that are measured."""
SHEAR = np.array([[0.5, 10.0], [0.0, 0.5]])
"""A matrix that grows before it shrinks: its radius is one half."""


def magnitude(context: DocumentContext) -> tuple[Block, ...]:
    """The norms of all terms of one parameter, coloured by distance, and what each distance contributes."""
    model, voice, theta = context.model, context.voice, context.main
    if not is_recurrent(model):
        return (LeftOut(voice.say("handout.magnitude.left_out")),)
    if theta is None:
        return (LeftOut(voice.say("handout.magnitude.untied")),)
    T = min(max(context.T, STEPS), LONGEST)
    found = norms(model, voice, T, (theta,))
    sizes = voice.listed(math(f"{name} = {size}") for name, size in (("T", T), *found.sizes))
    symbol = voice.tree(theta.at(), model)
    return (
        Heading(voice.word("handout.magnitude.heading"), "magnitude"),
        Paragraph(voice.say("handout.magnitude.intro", parameter=symbol, sizes=sizes, seed=str(found.seed))),
        terms(found, voice), *_by_distance(found, voice),
    )


def _by_distance(found: Norms, voice: Voice) -> tuple[Block, ...]:
    """The sum of the norms at every distance, its share, and the norm of the whole gradient."""
    _, values, whole = found.rows[0]
    sums: dict[int, float] = {}
    for value, (t, k) in zip(values, found.pairs, strict=True):
        sums[t - k] = sums.get(t - k, 0.0) + value
    total = sum(sums.values()) or 1.0
    head = (voice.say("handout.magnitude.distance"), *((str(d),) for d in sums))
    summed = (voice.say("handout.magnitude.sum"), *(written(v) for v in sums.values()))
    if not isfinite(total):
        return (Table(head, (summed,)), Paragraph(voice.say("handout.magnitude.overflow")))
    rows = (summed, (voice.say("handout.magnitude.share"), *((_percent(v / total),) for v in sums.values())))
    farthest = max(sums)
    said = voice.say(
        "handout.magnitude.total", total=written(whole), near=_percent(sums[0] / total),
        far=_percent(sums[farthest] / total), distance=str(farthest),
    )
    return (Table(head, rows), Paragraph(said))


def _percent(part: float) -> str:
    return f"{rounded(100 * part)} %" if part >= 0.0001 else "< 0.01 %"


def _norm(tree: Tree) -> Tree:
    return Script(Fenced(tree, "‖"), Number("2"))


def _product_of_norms(model: Model, voice: Voice) -> Tree:
    """The product over the steps from k to t of the norms of the state Jacobians."""
    letter = symbols.jacobian(model, BETWEEN)
    chain = voice.tree(ProductOver(letter, BETWEEN, SOURCE + 1, TIME), model)
    assert isinstance(chain, Row)
    return Row((chain.items[0], _norm(voice.tree(letter, model))))


def norm_bound(context: DocumentContext) -> tuple[Block, ...]:
    """The bound, the argument about vanishing and exploding with its limits, and measurements beside it."""
    model, voice = context.model, context.voice
    if not model.states or not is_recurrent(model):
        return (LeftOut(voice.say("handout.bound.left_out")),)
    factors = _product_of_norms(model, voice)
    left = _norm(voice.tree(symbols.total(formula.state(model), formula.state(model, SOURCE)), model))
    steps = [Step(Equality(left, (factors,), "≤"), voice.say("handout.bound.submultiplicative"))]
    form = bound.form(model)
    heading = Heading(voice.word("handout.bound.heading"), "bound")
    intro = Paragraph(voice.say("handout.bound.intro"))
    if form is None or form.gamma is None or not _one_matrix(model[form.weight]):
        why = () if coupled(model) else (Paragraph(voice.say("handout.bound.other_form")),)
        return (heading, intro, Steps(tuple(steps)), *why, *_measured(model, voice, None))
    weight = voice.tree(model[form.weight].at(), model)
    base = Fenced(Row((Identifier("γ"), Operator("\u2009"), _sigma(weight))))
    closed = Script(base, None, voice.tree(TIME - SOURCE))
    steps.append(Step(Equality(left, (closed,), "≤"), voice.say("handout.bound.closed_rule")))
    slots: dict[str, Prose | Tree | str] = {
        "weight": weight, "sigma": _sigma(weight), "activation": form.activation, "gamma": voice.tree(sp.nsimplify(form.gamma)),
    }
    cases = Bullets(tuple(voice.say(f"handout.bound.{case}", **slots) for case in ("sufficient", "necessary", "between")))
    return (
        heading, intro, Steps(tuple(steps)), Paragraph(voice.say("handout.bound.gamma", **slots)), cases,
        *_measured(model, voice, form), *_shear(voice),
    )


def _one_matrix(weight: Variable) -> bool:
    """Whether all steps share the weight and it is a matrix: then a power of its largest singular value bounds a product."""
    return weight.tied and len(weight.shape) == 2


def _sigma(weight: Tree) -> Tree:
    return Row((Script(Identifier("σ"), Identifier("max", Style.UPRIGHT)), Fenced(weight)))


def _measured(model: Model, voice: Voice, form: bound.Form | None) -> tuple[Block, ...]:
    """Norms of the product over many steps at seeded weights; where the bound is closed, at several sizes of W."""
    if coupled(model):
        return (LeftOut(voice.say("handout.bound.coupled")),)
    data = point(model, MEASURED, N=1)
    points = [("", data)]
    if form is not None and form.gamma is not None and model[form.weight].tied:
        own = float(max(analyze.spectrum_of(form.weight, w).largest for w in bound.weights(model, data))) * form.gamma
        points = [(f"{factor:g}", adjusted(model, data, {}, {form.weight: factor / own})) for factor in FACTORS]
    columns = (1, 5, 10, MEASURED)
    rows: list[tuple[Prose, ...]] = []
    for name, at in points:
        found = analyze.at(model, at, norm="2")
        growth = found.growth
        assert growth is not None
        limit = growth.jacobians if growth.closed is None or form is None else growth.closed
        verdict = voice.say(f"handout.bound.verdict.{growth.verdict.kind.name.lower()}")
        label: Prose = (name,) if name else voice.say("handout.bound.own_weights")
        for what, values, said in (("measured", growth.measured, verdict), ("bounded", limit, ())):
            numbers = (written(float(values[d])) for d in columns)
            rows.append((label if said else (), voice.say(f"handout.bound.{what}"), *numbers, said))
        for block in found.blocks:
            if block.direct:
                numbers = (written(float(block.norms[MEASURED, MEASURED - d])) for d in columns)
                route = voice.say("handout.bound.direct", state=voice.tree(model[block.row].at(), model))
                rows.append(((), route, *numbers, ()))
    factor: Prose = ()
    if form is not None:
        factor = (Row((Identifier("γ"), Operator("\u2009"), _sigma(voice.tree(model[form.weight].at(), model)))),)
    head = (
        factor, (), *(voice.say("handout.bound.at", number=str(d)) for d in columns),
        voice.say("handout.bound.verdict_head"),
    )
    return (Paragraph(voice.say("handout.bound.table", steps=str(MEASURED))), Table(head, tuple(rows)))


def _shear(voice: Voice) -> tuple[Block, ...]:
    """The example of a matrix whose powers grow first although its radius is below one."""
    found = analyze.spectrum_of("W", SHEAR)
    powers = {n: float(np.linalg.norm(np.linalg.matrix_power(SHEAR, n), 2)) for n in (2, MEASURED)}
    entries = Matrix(tuple(tuple(voice.tree(sp.nsimplify(float(entry))) for entry in row) for row in SHEAR))
    said = voice.say(
        "handout.bound.shear", matrix=entries, sigma=written(found.largest), radius=written(found.radius),
        two=written(powers[2]), many=written(powers[MEASURED]), steps=str(MEASURED),
    )
    return (Paragraph(said),)
