"""What helps, measured: truncation, clipping, initialisation, gates; what does not apply to a model is left out."""

from functools import lru_cache, partial

import numpy as np
import sympy as sp

from symbptt.algebra.nodes import TIME
from symbptt.analyze import bound, cliff
from symbptt.analyze.columns import STEPS as PAIRS
from symbptt.analyze.columns import WINDOW
from symbptt.analyze.decay import ROUNDING, STEPS, Decay, Gate, decay, filled, gate
from symbptt.analyze.jacobian import coupled, direct_routes
from symbptt.analyze.recurrent import recurrent
from symbptt.document.blocks import Block, Columns, Heading, LeftOut, Paragraph, Plotted, Table
from symbptt.document.context import DocumentContext
from symbptt.document.parts.magnitude import over_draws
from symbptt.document.parts.vanishing import drawn_sizes, median
from symbptt.document.sizes import written
from symbptt.draw import plot
from symbptt.model.read import load
from symbptt.model.values import Model
from symbptt.narrative.forward import is_recurrent
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.values import Prose
from symbptt.typeset.scalars import signed_number
from symbptt.typeset.tree import Tree

BIASES = (0.0, 1.0, 3.0)
"""The biases of a gate that are measured; with the other sign where the gate closes the route."""
INITIALISERS = ("xavier", "orthogonal")
GATED = "lstm"
"""The model that shows what gates do where a model has none."""


def remedies(context: DocumentContext) -> tuple[Block, ...]:
    """Truncation, clipping, initialisation and gates, each with what it changes in numbers."""
    model, presentation = context.model, context.presentation
    if not model.states or not is_recurrent(model) or coupled(model):
        return (LeftOut(presentation.prose("handout.remedies.left_out")),)
    return (
        Heading(presentation.text("handout.remedies.heading"), "remedies"), *_cut_short(context, *_clipping(presentation)),
        *_initialisation(model, presentation), *_gates(model, presentation),
    )


def _cut_short(context: DocumentContext, clipping: Block, clipped: Block) -> tuple[Block, ...]:
    """Truncation, with the pairs that a window keeps and what becomes of the gradient, and clipping, beside the picture."""
    model, presentation, theta = context.model, context.presentation, context.main
    found = None if theta is None else over_draws(model, theta)
    if theta is None or found is None or not (np.isfinite(found.bias).all() and np.isfinite(found.cosine).all()):
        return (clipping, clipped)
    slots: dict[str, Prose] = {"bias": median(found.bias), "cosine": median(found.cosine)}
    said = presentation.prose(
        "handout.remedies.truncation", window=str(WINDOW), kept=str(found.kept), terms=str(found.terms), steps=str(PAIRS),
        parameter=presentation.tree(theta.at(), model), **slots,
    )
    axes = (presentation.plain(f"analysis.terms.{name}") for name in ("row", "column"))
    drawn = plot.triangle(PAIRS, lambda t, k: t - k < WINDOW, *axes)
    title = presentation.text("handout.remedies.triangle")
    figure = Plotted(drawn, title, presentation.prose("handout.remedies.triangle_caption"))
    titles = (presentation.text("handout.remedies.truncated"), "")
    return (Columns(titles, ((Paragraph(said),), (figure,))), clipping, clipped)


@lru_cache(maxsize=1)
def _paths() -> tuple[cliff.Path, ...]:
    return tuple(cliff.descend(method) for method in ("plain", "norm"))


def _clipping(presentation: Presentation) -> tuple[Block, Block]:
    """A descent across the cliff without and with clipping."""
    say = presentation.prose
    head = ((), *(say(f"handout.remedies.clipping.{name}") for name in ("norm", "step", "first", "last")))
    rows = tuple(
        (say(f"handout.remedies.clipping.{name}"), written(float(path.norms.max())), written(path.longest),
         written(float(path.losses[0])), written(float(path.losses[-1])))
        for name, path in zip(("before", "after"), _paths(), strict=True)
    )
    slots = {"limit": f"{cliff.LIMIT:g}", "steps": str(cliff.STEPS), "descent": str(cliff.DESCENT), "rate": f"{cliff.RATE:g}"}
    return (Paragraph(say("handout.remedies.clipping.text", **slots, **_unit(presentation))), Table(head, rows))


def _unit(presentation: Presentation) -> dict[str, Tree | Prose]:
    """The unit of the cliff in formulas: its step, where it starts, its loss and target, and where the descent starts."""
    unit = cliff.unit()
    inner, state, output = unit.equations
    assert unit.loss is not None
    (loss,), last = unit.loss.equations, sp.Integer(cliff.STEPS)
    at_last = {TIME: last}
    value = loss.value.xreplace({output.target.at(): output.value}).xreplace(at_last)
    point = zip(unit.parameters, cliff.FROM, strict=True)
    equal = partial(presentation.equation, unit)
    return {
        "unit": equal(state.target.at(), state.value.xreplace({inner.target.at(): inner.value})),
        "start": equal(state.target.at(0), signed_number(cliff.START, "g")),
        "loss": equal(loss.target.at(last), value), "target": equal(unit["y"].at(last), signed_number(cliff.TARGET, "g")),
        "point": presentation.listed(equal(variable.at(), signed_number(number, "g")) for variable, number in point),
    }


@lru_cache(maxsize=8)
def _started(model: Model) -> tuple[Decay, ...]:
    """The product with other first values of the recurrent matrices."""
    return tuple(decay(model, init=dict.fromkeys(recurrent(model), name)) for name in INITIALISERS)


def _initialisation(model: Model, presentation: Presentation) -> tuple[Block, ...]:
    """The product by what the recurrent matrices start from."""
    if not recurrent(model):
        return ()
    said = [
        (*presentation.prose(f"handout.remedies.init.{name}"), *median(found.measured[:, STEPS]))
        for name, found in zip(INITIALISERS, _started(model), strict=True)
    ]
    text = presentation.prose("handout.remedies.init.text", steps=str(STEPS), values=presentation.joined(said),
        **drawn_sizes(model, presentation))
    return (Paragraph((*text, *_slopes(model, presentation))),)


def _slopes(model: Model, presentation: Presentation) -> Prose:
    """Why orthogonal matrices alone do not keep the product of h = phi(W h + …) at one, where they do not."""
    form, started = bound.form(model), _started(model)[INITIALISERS.index("orthogonal")]
    if form is None or form.gamma is None or float(np.median(started.measured[:, STEPS])) >= 1 - ROUNDING:
        return ()
    gamma = presentation.tree(sp.nsimplify(form.gamma))
    return presentation.prose("handout.remedies.init.slopes", activation=form.activation, gamma=gamma)


@lru_cache(maxsize=8)
def opened(model: Model, of: Gate) -> tuple[tuple[float, Decay], ...]:
    """The product with biases that open the route further and further."""
    def at(bias: float) -> tuple[float, Decay]:
        return bias, decay(model, filled(of.bias, bias), watch=of.gate)

    zero, *further = BIASES
    shut, ajar = at(zero), at(further[0])
    closes = _open(ajar[1], of) < _open(shut[1], of)
    return (shut, *(at(-bias) for bias in further)) if closes else (shut, ajar, *(at(bias) for bias in further[1:]))


def _opening(bias: float, found: Decay, state: str) -> tuple[Prose, ...]:
    """A bias, the gate that it makes, the direct route and the whole product."""
    products = (median(values[:, STEPS]) for values in (found.direct[state], found.measured))
    return ((f"{bias:g}".replace("-", "−"),), written(found.watched), *products)


def _open(found: Decay, of: Gate) -> float:
    """What is left on the direct route."""
    return float(np.median(found.direct[of.state][:, STEPS]))


def _gates(model: Model, presentation: Presentation) -> tuple[Block, ...]:
    """What an open gate does to the direct route and to the whole product: of the model, or of an LSTM beside it."""
    of = gate(model)
    shown = model if of is not None else load(GATED)
    of = of or gate(shown)
    if of is None or (shown is not model and direct_routes(model)):
        return ()
    names = {"state": presentation.name(shown[of.state], shown), "gate": presentation.tree(shown[of.gate].at(), shown),
             "bias": presentation.tree(shown[of.bias].at(), shown)}
    head = (
        (names["bias"],), presentation.prose("handout.remedies.gates.gate", **names),
        presentation.prose("handout.remedies.gates.direct", steps=str(STEPS)),
        presentation.prose("handout.remedies.gates.whole", steps=str(STEPS)),
    )
    rows = tuple(_opening(bias, one, of.state) for bias, one in opened(shown, of))
    key = "own" if shown is model else "other"
    said = presentation.prose(f"handout.remedies.gates.{key}", steps=str(STEPS), **names)
    starts = presentation.prose("handout.remedies.gates.starts", **names) if shown[of.bias].init == "ones" else ()
    return (Paragraph(said), Table(head, rows), *((Paragraph(starts),) if starts else ()))


