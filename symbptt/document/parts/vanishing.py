"""Vanishing and exploding: the bound on products of Jacobians, what it leaves open, and measured medians over many draws."""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import sympy as sp

from symbptt import analyze
from symbptt.algebra.evaluate import Array
from symbptt.algebra.nodes import BETWEEN, SOURCE, TIME, ProductOver
from symbptt.analyze import bound
from symbptt.analyze.decay import ROUNDING, SEEDS, STEPS, Change, Decay, decay, quartiles, scaled, sizes, stretched
from symbptt.analyze.jacobian import coupled
from symbptt.analyze.recurrent import recurrent
from symbptt.derive import formula
from symbptt.document.blocks import Block, Bullets, Heading, LeftOut, Paragraph, Plotted, Steps, Table
from symbptt.document.context import DocumentContext
from symbptt.document.sizes import written
from symbptt.draw import plot
from symbptt.draw.chart import Curves
from symbptt.model.values import Model, Variable
from symbptt.narrative import symbols
from symbptt.narrative.forward import is_recurrent
from symbptt.narrative.inline import math
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.values import Prose, Step
from symbptt.typeset.tree import Equality, Fenced, Identifier, Matrix, Number, Operator, Row, Script, Tree

STRETCHED, SCALED = (0.9, 2.0, 4.0), (1.0, 2.0, 4.0)
"""The values of gamma ||W|| that are measured; where the bound is not closed, what multiplies the recurrent matrices."""
SHOWN = (5, 10, STEPS)
"""The distances of the table."""
TALL = 95.0
"""The height of the frame of the curves."""
SHEAR = np.array([[0.5, 10.0], [0.0, 0.5]])
"""A matrix that grows before it shrinks: its radius is one half."""


def norm_bound(context: DocumentContext) -> tuple[Block, ...]:
    """The bound, the argument about vanishing and exploding with its limits, and measurements beside it."""
    model, presentation = context.model, context.presentation
    if not model.states or not is_recurrent(model):
        return (LeftOut(presentation.prose("handout.bound.left_out")),)
    left = _norm(presentation.tree(symbols.total(formula.state(model), formula.state(model, SOURCE)), model))
    bounded = Equality(left, (_product_of_norms(model, presentation),), "≤")
    steps = [Step(bounded, presentation.prose("handout.bound.submultiplicative"), label="bound")]
    form = bound.form(model)
    head = (Heading(presentation.text("handout.bound.heading"), "bound"), Paragraph(presentation.prose("handout.bound.intro")))
    if form is None or form.gamma is None or not _one_matrix(model[form.weight]):
        plain = coupled(model) or all(one.isometry for _, one in measured(model))
        why = () if plain else (Paragraph(presentation.prose("handout.bound.other_form")),)
        return (*head, Steps(tuple(steps)), *why, *_measured(model, presentation))
    weight = presentation.tree(model[form.weight].at(), model)
    base = Fenced(Row((Identifier("γ"), Operator("\u2009"), _norm(weight))))
    closed = Script(base, None, presentation.tree(TIME - SOURCE, model))
    steps.append(Step(Equality(left, (closed,), "≤"), presentation.prose("handout.bound.closed_rule"), label="bound-closed"))
    slots: dict[str, Prose | Tree | str] = {
        "weight": weight, "norm": _norm(weight), "activation": form.activation,
        "gamma": presentation.tree(sp.nsimplify(form.gamma)),
    }
    cases = Bullets(tuple(presentation.prose(f"handout.bound.{case}", **slots)
        for case in ("sufficient", "necessary", "between")))
    told = Paragraph(presentation.prose("handout.bound.gamma", **slots))
    return (*head, Steps(tuple(steps)), told, cases, *_measured(model, presentation),
        *(_shear(presentation) if context.full else ()))


def _norm(tree: Tree) -> Tree:
    return Script(Fenced(tree, "‖"), Number("2"))


def _product_of_norms(model: Model, presentation: Presentation) -> Tree:
    """The product over the steps from k to t of the norms of the state Jacobians."""
    letter = symbols.jacobian(model, BETWEEN)
    chain = presentation.tree(ProductOver(letter, BETWEEN, SOURCE + 1, TIME), model)
    assert isinstance(chain, Row)
    return Row((chain.items[0], _norm(presentation.tree(letter, model))))


def _one_matrix(weight: Variable) -> bool:
    """Whether all steps share the weight and it is a matrix: then a power of its largest singular value bounds a product."""
    return weight.tied and len(weight.shape) == 2


@lru_cache(maxsize=8)
def measured(model: Model) -> tuple[tuple[float, Decay], ...]:
    """The cases that are measured, each with the number that makes it; one for a model that nothing can be multiplied in."""
    return tuple((number, decay(model, change)) for number, change in _cases(model))


def _cases(model: Model) -> Iterable[tuple[float, Change | None]]:
    if _closed(model):
        return [(number, stretched(number)) for number in STRETCHED]
    return [(number, scaled(number)) for number in SCALED] if recurrent(model) else [(1.0, None)]


def _closed(model: Model) -> bool:
    """Whether the bound is a power of one number that can be chosen."""
    form = bound.form(model)
    return form is not None and form.gamma is not None


def median(values: Array) -> Prose:
    """The median over the seeds and, in brackets, the quartiles."""
    low, middle, high = (float(v) for v in quartiles(values))
    return (*written(middle), " [", *written(low), ", ", *written(high), "]")


def _middle(values: Array) -> Prose:
    """The median over the seeds."""
    return written(float(quartiles(values)[1]))


def drawn_sizes(model: Model, presentation: Presentation) -> dict[str, str | Tree | Prose]:
    """What was measured: sizes of dimensions, steps, draws."""
    every = (("T", STEPS), *sorted(sizes(model).items()))
    return {"sizes": presentation.listed(math(f"{name} = {size}") for name, size in every), "seeds": str(SEEDS)}


def _measured(model: Model, presentation: Presentation) -> tuple[Block, ...]:
    """Medians and quartiles of the norms of the product, as curves and as a table."""
    if coupled(model):
        return (LeftOut(presentation.prose("handout.bound.coupled")),)
    found = measured(model)
    say, key = presentation.prose, "factor" if _closed(model) else "times" if len(found) > 1 else "own"
    names = [presentation.text(f"handout.bound.{key}", number=f"{number:g}") for number, _ in found]
    spread = [quartiles(one.measured) for _, one in found]
    chart = Curves(
        tuple((name, three[1]) for name, three in zip(names, spread, strict=True)), presentation.text("handout.bound.along"),
        beside=tuple(side for three in spread for side in (three[0], three[2])),
    )
    rows = tuple(
        ((name,), *(_middle(one.measured[:, d]) for d in SHOWN[:-1]), median(one.measured[:, STEPS]),
         written(float(np.median(one.bound[:, STEPS]))),
         say(f"handout.bound.verdict.{_verdict(one)}"))
        for name, (_, one) in zip(names, found, strict=True)
    )
    head = (
        (), *(say("handout.bound.at", number=str(d)) for d in SHOWN), say("handout.bound.bounded", number=str(STEPS)),
        say("handout.bound.verdict_head"),
    )
    curves = Plotted(plot.chart(chart, TALL), presentation.text("handout.bound.plot"), say("handout.bound.caption"))
    intro = Paragraph(say("handout.bound.table", **drawn_sizes(model, presentation)))
    moves = chart.known.size and not all(one.isometry for _, one in found)
    return (intro, *((curves,) if moves else ()), Table(head, rows))


def _verdict(found: Decay) -> str:
    """What the Jacobians are, or what the bound says, and where it says nothing, what was measured."""
    if found.isometry:
        return found.isometry
    if float(np.median(found.bound[:, STEPS])) < 1 - ROUNDING:
        return "vanishing"
    last = float(np.median(found.measured[:, STEPS]))
    return "level" if abs(last - 1) <= ROUNDING else "growing" if last > 1 else "undecided"


def _shear(presentation: Presentation) -> tuple[Block, ...]:
    """The example of a matrix whose powers grow first although its radius is below one."""
    found = analyze.spectrum_of("W", SHEAR)
    powers = {n: float(np.linalg.norm(np.linalg.matrix_power(SHEAR, n), 2)) for n in (2, STEPS)}
    entries = Matrix(tuple(tuple(presentation.tree(sp.nsimplify(float(entry))) for entry in row) for row in SHEAR))
    said = presentation.prose(
        "handout.bound.shear", matrix=entries, sigma=f"{found.largest:.5g}", radius=written(found.radius),
        two=f"{powers[2]:.5g}", many=written(powers[STEPS]), steps=str(STEPS),
    )
    return (Paragraph(said),)
