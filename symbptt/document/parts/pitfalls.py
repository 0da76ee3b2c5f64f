"""Common mistakes, each with the right line, the wrong one, and what the wrong one does to the example by hand."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.functions import FUNCTIONS
from symbptt.algebra.nodes import TIME, SumOver, Timed
from symbptt.algebra.related import Adjoint
from symbptt.derive import formula
from symbptt.derive.adjoint import AdjointEquation
from symbptt.derive.recursion import RecursionEquation, recursion
from symbptt.derive.sweep import Contribution
from symbptt.document.blocks import Block, Box, Heading, Paragraph, Steps
from symbptt.document.context import DocumentContext
from symbptt.document.example.numbers import Example, refusal, required
from symbptt.document.example.substitution import matrix
from symbptt.document.narrow import in_pairs
from symbptt.document.parts.worked import length
from symbptt.mistakes import named
from symbptt.mistakes.edits import Site, Table, changed
from symbptt.model.values import Model, Variable
from symbptt.narrative import backward, symbols
from symbptt.narrative.inline import math
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.symbols import LAST
from symbptt.narrative.values import Prose, Reference, Step
from symbptt.typeset.tree import Tree
from symbptt.verify.exact.entries import Entries, Matrix


@dataclass(frozen=True)
class Pitfall:
    """A mistake of the catalogue in an equation (left, right, wrong), and what it makes of the gradient."""

    name: str
    label: str
    """The right equation, which the document has elsewhere."""
    left: MatrixExpr
    right: MatrixExpr
    wrong: MatrixExpr
    effect: Matrix | None
    before_last: bool = False
    """Whether the equation is that of the steps before the last."""
    at_last: tuple[MatrixExpr, MatrixExpr] | None = None
    """The right and the wrong side of the last step, where the effect is that of both."""


def pitfalls(context: DocumentContext) -> tuple[Block, ...]:
    """The mistakes that the model gives occasion for, and those of every derivation."""
    return told(context, _checked(context))


def told(context: DocumentContext, checked: Prose = ()) -> tuple[Block, ...]:
    """The same; `checked` says what a gradient check finds."""
    model, presentation = context.model, context.presentation
    found = list(mistakes(context))
    boxes = [_box(context, pitfall) for pitfall in found]
    if model.states and context.main is not None:
        text = Paragraph(presentation.prose("pitfalls.total.text", plus=_plus(presentation), **_pair(context)))
        boxes.append(Box("pitfall", presentation.prose("pitfalls.total.title"), (text,)))
    intro = Paragraph((*presentation.prose("pitfalls.intro"), *checked, *_right(context, found)))
    return (Heading(presentation.text("pitfalls.heading"), "pitfalls"), intro, *(boxes if context.full else in_pairs(boxes)))


def _plus(presentation: Presentation) -> Prose:
    """A warning where the notation has the sign."""
    marked = any(presentation.notation.derivative(kind).sup == "+" for kind in ("immediate", "total"))
    return presentation.prose("pitfalls.total.plus") if marked else ()


def _pair(context: DocumentContext) -> dict[str, Tree]:
    model, presentation, theta = context.model, context.presentation, context.main
    by = symbols.parameter(model) if theta is None else theta.at()
    state = formula.state(model)
    return {
        "immediate": presentation.tree(symbols.immediate(state, by), model),
        "total": presentation.tree(symbols.total(state, by), model),
        "before": presentation.tree(formula.state(model, TIME - 1), model),
    }


def _box(context: DocumentContext, pitfall: Pitfall) -> Box:
    presentation = context.presentation
    last = pitfall.at_last[1] if pitfall.at_last else None
    rule = presentation.prose("pitfalls.wrong", right=Reference(pitfall.label))
    shown = Step(_shown(context, pitfall, pitfall.wrong, last), rule)
    blocks: list[Block] = [Paragraph(presentation.prose(f"pitfalls.{pitfall.name}.text")), Steps((shown,))]
    if _seen(context, pitfall):
        blocks.append(Paragraph(presentation.prose("pitfalls.effect", **_numbers(context, pitfall))))
    return Box("pitfall", presentation.prose(f"pitfalls.{pitfall.name}.title"), tuple(blocks))


def _numbers(context: DocumentContext, pitfall: Pitfall) -> dict[str, Tree]:
    """The gradient, its numbers in the worked example, and what the mistake makes of them."""
    model, presentation = context.model, context.presentation
    assert context.main is not None and pitfall.effect is not None
    right = required(model, length(model, context.T)).gradients[context.main.at()]
    of = presentation.tree(symbols.total(symbols.loss(model, None), context.main.at()), model)
    return {"gradient": of, "wrong": matrix(pitfall.effect, presentation), "right": matrix(right, presentation)}


def _seen(context: DocumentContext, pitfall: Pitfall) -> bool:
    """Whether the example shows the mistake, at the places to which numbers are rounded."""
    if pitfall.effect is None or context.main is None:
        return False
    slots = _numbers(context, pitfall)
    return slots["wrong"] != slots["right"]


def _checked(context: DocumentContext) -> Prose:
    """A gradient check of one entry of the example."""
    model, of = context.model, context.main
    if of is None or of.timed or not model.states or refusal(model) is not None:
        return ()
    found = required(model, length(model, context.T))
    entry = float(np.ravel(found.by_code[of.name])[0])
    difference, entry_shown = (math(f"{value:.9f}".replace("-", "−")) for value in (found.by_difference(of, 1e-5), entry))
    gradient = context.presentation.tree(symbols.total(symbols.loss(model, None), of.at()), model)
    return context.presentation.prose("pitfalls.check", gradient=gradient, difference=difference, entry=entry_shown)


def _right(context: DocumentContext, found: Iterable[Pitfall]) -> Prose:
    """What the example gives without a mistake, where it shows one."""
    shown = next((pitfall for pitfall in found if _seen(context, pitfall)), None)
    return () if shown is None else context.presentation.prose("pitfalls.example", **_numbers(context, shown))


def _shown(context: DocumentContext, pitfall: Pitfall, side: MatrixExpr, last: MatrixExpr | None) -> Tree:
    presentation, model = context.presentation, context.model
    if last is not None:
        return backward.both(model, presentation, pitfall.left, last, side)
    return backward.line(presentation.tree(pitfall.left, model), presentation.tree(side, model), pitfall.before_last)


def mistakes(context: DocumentContext) -> Iterator[Pitfall]:
    """Every mistake that changes a formula of the model."""
    model, theta = context.model, context.main
    found = recursion(model)
    example = None if refusal(model) is not None else required(model, length(model, context.T))
    if theta is not None:
        yield from _off_by_one(model, theta, example)
    for equation in found.adjoints:
        if equation.carries and equation.terms:
            yield _carry(equation, model, theta, example)
            break
    if theta is not None and theta.tied and model.states and not model.starting(theta):
        yield from _overwritten(model, theta, example)
    yield from _formula(model, found.adjoints, "transpose-missing", _square)
    for pitfall in _formula(model, found.adjoints, "slope-missing", _activations, whole=True):
        yield replace(pitfall, effect=_effect(example, theta, _in_one(model, pitfall.left)))


def _sites(name: str, model: Model, value: MatrixExpr) -> list[Site]:
    """Where a mistake of the catalogue can be made in a formula."""
    edit = named(name).edit
    return [] if edit is None else list(edit(model, value))


def _adjoint(equation: RecursionEquation) -> MatrixExpr:
    return Adjoint(equation.variable.at())


def _gradient_of(model: Model, theta: Variable) -> MatrixExpr:
    """What is summed over the steps for a parameter."""
    return tidy.add(*(c.value for c in next(e for e in recursion(model).gradients if e.variable == theta).terms))


def _off_by_one(model: Model, theta: Variable, example: Example | None) -> Iterator[Pitfall]:
    """h_t in the place of h_{t-1}."""
    value = _gradient_of(model, theta)
    late = {leaf: new for leaf, new in _sites("off-by-one", model, value) if leaf.step == TIME - 1}
    if late:
        def change(variable: Variable, part: Contribution) -> MatrixExpr:
            at = {symbols.at(leaf, part.step): symbols.at(new, part.step) for leaf, new in late.items()}
            return part.value.xreplace(at) if variable == theta else part.value

        left = symbols.total(symbols.loss(model, None), theta.at())
        right, wrong = (_summed(part) for part in (value, value.xreplace(late)))
        effect = _rerun(example, theta, change) if example is not None else None
        yield Pitfall("off-by-one", f"gradient-{theta.name}", left, right, wrong, effect)


def _summed(value: MatrixExpr) -> MatrixExpr:
    """The sum over the steps, as formulas show it."""
    return SumOver(value, TIME, 1, LAST)


def _carry(equation: RecursionEquation, model: Model, theta: Variable | None, example: Example | None) -> Pitfall:
    """The carry of one state from t + 1 forgotten: right only at t = T."""
    effect, (_, right) = _dropped(example, theta, equation.variable), backward.right_sides(model, equation)
    (_, wrong), = _sites("carry-dropped", model, right)
    label = f"adjoint-{equation.variable.name}"
    return Pitfall("carry-dropped", label, _adjoint(equation), right, wrong, effect, before_last=True)


def _overwritten(model: Model, theta: Variable, example: Example | None) -> Iterator[Pitfall]:
    """= in the place of +=: what the last pass through the loop, step 1, leaves."""
    value = _gradient_of(model, theta)
    if not value.atoms(Timed):
        return
    left, right = symbols.total(symbols.loss(model, None), theta.at()), _summed(value)
    effect = None
    if example is not None:
        first = [c.value for g in example.system.gradients if g.variable == theta for c in g.terms if int(c.step) == 1]
        effect = example.value(tidy.add(*first)) if first else None
    (_, wrong), = _sites("overwritten", model, right)
    yield Pitfall("overwritten", f"gradient-{theta.name}", left, right, wrong, effect)


def _formula(
    model: Model, equations: tuple[RecursionEquation, ...], name: str, chosen: Callable[[list[Site]], Table],
    whole: bool = False,
) -> Iterator[Pitfall]:
    """A mistake at all chosen sites of the first equation that has any, at a step before the last if the last has its own, or
    `whole` at both."""
    for equation in equations:
        last, right = backward.right_sides(model, equation)
        if equation.variable.name in backward.zero_before_last(model):
            continue
        wrong, wrong_last = (changed(side, chosen(_sites(name, model, side))) for side in (right, last))
        if wrong is not None and wrong != right:
            both = (last, wrong_last) if whole and last != right and wrong_last is not None else None
            label = f"adjoint-{equation.variable.name}"
            yield Pitfall(name, label, _adjoint(equation), right, wrong, None, before_last=last != right, at_last=both)
            return


def _square(sites: list[Site]) -> Table:
    """Those of square matrices, whose shapes do not complain."""
    return {node: new for node, new in sites if node.shape[0] == node.shape[1]}


def _activations(sites: list[Site]) -> Table:
    """The slopes of activations; that of a reciprocal or a power is the mistake of another kind."""
    return {node: new for node, new in sites if FUNCTIONS[node.name].activation}


def _in_one(model: Model, adjoint: MatrixExpr) -> Callable[[Variable, MatrixExpr], MatrixExpr | None]:
    """The slopes left out of the equation of one adjoint."""
    def change(variable: Variable, value: MatrixExpr) -> MatrixExpr:
        slopes = _activations(_sites("slope-missing", model, value)) if Adjoint(variable.at()) == adjoint else {}
        return changed(value, slopes)

    return change


def _effect(
    example: Example | None, theta: Variable | None, change: Callable[[Variable, MatrixExpr], MatrixExpr]
) -> Matrix | None:
    """The gradient of theta in the example if every equation is changed so; None where that changes nothing."""
    if example is None or theta is None:
        return None
    return _rerun(example, theta, lambda v, c: change(v, c.value))


def _dropped(example: Example | None, theta: Variable | None, state: Variable) -> Matrix | None:
    """The gradient without what comes from the next step to one state."""
    if example is None or theta is None:
        return None

    def change(equation: AdjointEquation) -> tuple[Contribution, ...]:
        return tuple(c for c in equation.terms if equation.variable != state or int(c.step) == equation.step)

    return _rerun(example, theta, lambda v, c: c.value, change)


def _rerun(
    example: Example, theta: Variable, change: Callable[[Variable, Contribution], MatrixExpr],
    keep: Callable[[AdjointEquation], tuple[Contribution, ...]] = lambda equation: equation.terms,
) -> Matrix | None:
    entries = Entries(example.entries.arithmetic, {}, 1)
    entries.sizes, entries.leaves = example.entries.sizes, dict(example.entries.leaves)
    for equation in example.system.equations:
        v = equation.variable
        parts = [change(v, c) for c in keep(equation)]
        entries.leaves[equation.symbol] = entries(tidy.add(sp.ZeroMatrix(v.rows, v.columns), *parts))
    parts = [change(theta, c) for g in example.system.gradients if g.variable == theta for c in g.terms]
    value = entries(tidy.add(sp.ZeroMatrix(theta.rows, theta.columns), *parts))[0]
    return None if value == example.gradients[theta.at()] else value
