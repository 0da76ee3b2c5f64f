"""Why the three forms are one: from the recursion of the nested form to the sum of products, and from there to the backward one.

Everything is said with opaque factors, so it holds for any model; several states are one column, and their Jacobian has blocks.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.nodes import BETWEEN, SOURCE, TIME, ProductOver, SumOver
from symbptt.algebra.related import Adjoint, StepAdjoint
from symbptt.derive import formula, step
from symbptt.derive.recursion import recursion
from symbptt.model.values import Model, Variable
from symbptt.narrative import nested, symbols
from symbptt.narrative.backward import base_case, during, from_state, only_last_lags
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.products import EXPANDED, Factors, Pattern, chain_shapes, general, head, listed, patterns
from symbptt.narrative.symbols import LAST
from symbptt.narrative.values import Prose, Section, Step
from symbptt.typeset.tree import Aligned, BigOperator, Equality, Fenced, Operator, Row, Script, Tree, rebuilt
from symbptt.unroll.graph import UnrolledGraph

HEADING = "derivation.argument.heading"
ALIKE = 2
"""Up to so many states whose two adjoints are the same each has a line of its own."""


@dataclass(frozen=True)
class Kind:
    """What an argument depends on, apart from its symbols: the form of gradient it is about, and which losses read what."""

    initial: bool
    timed: bool
    loss_at: str
    lagged: bool


def kind(model: Model, wrt: tuple[Variable, ...]) -> Kind | None:
    """The kind of argument that `section` gives; None where no gradient goes through the states."""
    lead = _lead(patterns(model, wrt))
    assert model.loss is not None
    return None if lead is None else Kind(lead.initial, lead.timed, model.loss.at, bool(step.loss_lag(model)))


def _lead(found: Iterable[Pattern]) -> Pattern | None:
    return min((p for p in found if p.reaches), key=lambda p: (p.initial, p.timed), default=None)


def section(graph: UnrolledGraph, presentation: Presentation, wrt: tuple[Variable, ...]) -> Section:
    """The argument for the first form of gradient that goes through the states, and a line for each of the others.

    A parameter that all steps share comes before a variable with a value of its own at each, and that before a start.
    """
    model, found = graph.model, patterns(graph.model, wrt)
    lead = _lead(found)
    others = [pattern for pattern in found if pattern is not lead]
    steps: list[Step] = []
    if lead is not None:
        steps += [*_nested(model, presentation, lead), *_sum(graph, presentation, lead), *_backward(model, presentation, lead)]
    steps += dict.fromkeys(from_state(model, presentation, pattern) for pattern in others)
    steps += _two_adjoints(model, presentation) if lead is not None else ()
    return Section(presentation.text(HEADING), tuple(steps), _intro(model, presentation, graph.T, lead))


def _intro(model: Model, presentation: Presentation, T: int, lead: Pattern | None) -> tuple[Prose, ...]:
    assert model.loss is not None
    if lead is None:
        return (presentation.prose("derivation.products.own_step"),)
    number = T * (T + 1) // 2 if model.loss.at == "every" else T
    shared = not lead.timed and not lead.initial
    count = presentation.prose("derivation.products.count", number=str(number), T=str(T)) if shared else ()
    told = [presentation.prose("derivation.products.intro", count=count)]
    return (*([_copies(model, presentation, lead)] if shared else []), *told)


def _copies(model: Model, presentation: Presentation, lead: Pattern) -> Prose:
    """What a sum over the steps has to do with a parameter that all of them share: each step has a copy."""
    theta = presentation.tree(lead.symbol(model), model)
    base, sub = (theta.base, theta.sub) if isinstance(theta, Script) else (theta, None)
    copy = Script(base, sub, Fenced(presentation.tree(SOURCE, model)))
    whole = presentation.tree(symbols.total(symbols.loss(model, None), lead.symbol(model)), model)
    by_copy = _replaced(whole, theta, copy)
    sum_over = BigOperator("∑", Row((presentation.tree(SOURCE, model), Operator("="), presentation.tree(sp.S.One))),
        presentation.tree(LAST))
    immediate = presentation.tree(symbols.immediate(formula.state(model, SOURCE), lead.symbol(model)), model)
    return presentation.prose(
        "derivation.argument.copies", parameter=theta, copy=copy, immediate=immediate,
        sum=Row((whole, Operator("="), sum_over, by_copy)),
    )


def _replaced(tree: Tree, old: Tree, new: Tree) -> Tree:
    return new if tree == old else rebuilt(tree, lambda inner: _replaced(inner, old, new))


def _nested(model: Model, presentation: Presentation, lead: Pattern) -> list[Step]:
    """The recursion of the nested form, and what it is by induction; for a value of one step no more than a product."""
    first = nested.recursion(model, presentation, lead)
    write, theta = Factors(model, True), lead.symbol(model)
    left = tidy.transpose(symbols.total(formula.state(model), theta))
    from_step = sp.S.One if lead.initial else SOURCE + 1

    def up_to(last: sp.Expr) -> MatrixExpr:
        chain = ProductOver(write.jacobian(BETWEEN), BETWEEN, from_step, last)
        inner = chain if lead.initial else tidy.mul(write.immediate(theta, SOURCE), chain)
        return inner if lead.initial or lead.timed else SumOver(inner, SOURCE, 1, last)

    longer = tidy.mul(up_to(TIME - 1), write.jacobian(TIME))
    if lead.initial or lead.timed:
        start = "t = 1, …, T" if lead.initial else "t = k+1, …, T"
        found = during(presentation.tree(up_to(TIME), model), presentation.steps(start))
        whole = Equality(presentation.tree(left, model), (presentation.tree(longer, model), found))
        return [first, Step(whole, presentation.prose("derivation.argument.product"), label="induction")]
    grown = tidy.add(write.immediate(theta, TIME), longer)
    equation = presentation.equation(model, left, grown, up_to(TIME))
    claim = presentation.prose("derivation.argument.induction", jacobian=presentation.tree(write.jacobian(TIME), model))
    return [first, Step(equation, presentation.prose("derivation.argument.by_induction"), claim=claim, label="induction")]


def _sum(graph: UnrolledGraph, presentation: Presentation, lead: Pattern) -> list[Step]:
    """The sum of products: what was found, in the gradient of the loss; its terms for the chosen T where states have blocks."""
    model = graph.model
    sides = (nested.gradient_side(model, lead), general(model, lead, letters=True))
    whole = Step(
        presentation.equation(model, head(model, lead), *dict.fromkeys(sides)),
        presentation.prose("derivation.argument.inserted"),
        chain_shapes(model, presentation, lead), presentation.prose("derivation.argument.sum"), label="sum-of-products",
    )
    return [whole, *(listed(graph, presentation, lead) if formula.stacked(model) and graph.T <= EXPANDED else ())]


def _collected(model: Model, first: sp.Expr) -> MatrixExpr | None:
    """What the losses from step `first` on send back to step k; None where L_t reads the state before."""
    assert model.loss is not None
    if step.loss_lag(model):
        return None
    write = Factors(model, True)
    chain = ProductOver(write.jacobian(BETWEEN), BETWEEN, first + 1, TIME)
    body = tidy.mul(chain, write.loss(TIME))
    return body.xreplace({TIME: LAST}) if model.loss.at == "last" else SumOver(body, TIME, first, LAST)


def _backward(model: Model, presentation: Presentation, lead: Pattern) -> list[Step]:
    """The same terms in the other order: the step adjoint, the gradient from it, and the recursion that it obeys."""
    assert model.loss is not None
    write, bar = Factors(model, True), symbols.adjoint_symbol
    whole = _collected(model, SOURCE)
    steps: list[Step] = []
    if whole is not None:
        steps.append(Step(
            presentation.equation(model, bar(model, SOURCE), whole),
            presentation.prose(f"derivation.argument.other_order_{model.loss.at}"), "",
            presentation.prose(f"derivation.argument.regroup_{model.loss.at}"), label="step-adjoint",
        ))
    steps += [*_meaning(model, presentation, write), _recursion(model, presentation, write)]
    return [*steps, from_state(model, presentation, lead, known=True)]


def _meaning(model: Model, presentation: Presentation, write: Factors) -> list[Step]:
    """What the step adjoint is: the derivative of a later state by it, by induction, and the chain rule for the loss."""
    assert model.loss is not None
    first, bar = formula.state(model, SOURCE), symbols.adjoint_symbol(model, SOURCE)

    def by_first(at: sp.Expr) -> MatrixExpr:
        return tidy.transpose(symbols.total(formula.state(model, at), first))

    def over_losses(body: MatrixExpr, start: sp.Expr) -> MatrixExpr:
        return symbols.at(body, LAST) if model.loss is not None and model.loss.at == "last" else SumOver(body, TIME, start, LAST)

    chain = ProductOver(write.jacobian(BETWEEN), BETWEEN, SOURCE + 1, TIME)
    longer = tidy.mul(by_first(TIME - 1), write.jacobian(TIME))
    found = during(presentation.tree(chain, model), presentation.steps("t = k+1, …, T"))
    induction = Equality(presentation.tree(by_first(TIME), model), (presentation.tree(longer, model), found))
    state, loss = presentation.tree(first, model), presentation.tree(symbols.loss(model, None), model)
    base = presentation.equation(model, tidy.transpose(by_first(SOURCE)), sp.Identity(formula.state_rows(model)))
    parts = [over_losses(tidy.mul(by_first(TIME), write.loss(TIME)), SOURCE)]
    if step.loss_lag(model):
        parts.append(over_losses(tidy.mul(by_first(TIME - 1), write.lag(TIME)), SOURCE + 1))
    several = "states" if formula.stacked(model) else "state"
    claim = presentation.prose(f"derivation.backward.{several}", adjoint=presentation.tree(bar, model), loss=loss, state=state)
    return [
        Step(
            induction, presentation.prose("derivation.argument.by_induction"), presentation.check(longer),
            presentation.prose("derivation.argument.same_induction", base=base, state=state), label="state-derivative",
        ),
        Step(
            presentation.equation(model, bar, tidy.add(*parts), symbols.total(symbols.loss(model, None), first)),
            presentation.prose("derivation.argument.reached"), "", claim, label="step-adjoint-is-gradient",
        ),
    ]


def _recursion(model: Model, presentation: Presentation, write: Factors) -> Step:
    """The base case; then the loss of the own step split off, and a Jacobian in front of all the rest."""
    assert model.loss is not None
    bar = symbols.adjoint_symbol
    later = SOURCE + 1
    own = [] if model.loss.at == "last" else [write.loss(SOURCE)]
    lag = [write.lag(later)] if step.loss_lag(model) else []
    rest = _collected(model, later)
    sides = [tidy.add(*own, tidy.mul(write.jacobian(later), rest))] if rest is not None else []
    sides.append(tidy.add(*own, tidy.mul(write.jacobian(later), bar(model, later)), *lag))
    *others, last = (presentation.tree(side, model) for side in sides)
    lines = Aligned((
        Equality(presentation.tree(bar(model, LAST), model), (base_case(presentation.tree(write.loss(LAST), model),
            presentation),)),
        Equality(presentation.tree(bar(model, SOURCE), model), (*others, during(last, presentation.steps("k = T−1, …, 1")))),
    ))
    rule = presentation.prose(f"derivation.argument.split_{model.loss.at}")
    if only_last_lags(model):
        rule += presentation.prose("derivation.backward.only_last")
    return Step(lines, rule, presentation.check(sides[-1]), label="backward-recursion")


def _two_adjoints(model: Model, presentation: Presentation) -> list[Step]:
    """The adjoint of a state as a value of its step beside its part of the step adjoint: the routes inside the step are added.

    Those that are the same are many where values are kept for later steps: beyond `ALIKE` one stands for all.
    """
    states = [e.variable for e in recursion(model).adjoints if e.variable in model.states]
    inside = {state: step.accumulate(model.equations, state.at(), frozenset()) for state in states}
    alike = [state for state in states if not any(s.name in inside[state] for s in model.states)]
    last, listed = (alike[-1], alike[:-1]) if len(alike) > ALIKE else (None, [])
    steps: list[Step] = []
    for state in states:
        if state in listed:
            continue
        parts = [inside[state][s.name].transposed().apply(StepAdjoint(s.at())) for s in model.states if s.name in inside[state]]
        whole = tidy.add(StepAdjoint(state.at()), *parts)
        others = presentation.listed(presentation.tree(one.at(), model) for one in listed)
        all_of_them = "every_one_alike" if len(alike) == len(states) else "all_alike"
        name = "inside" if parts else all_of_them if state == last else "same"
        steps.append(Step(
            presentation.equation(model, Adjoint(state.at()), symbols.abbreviated(whole, model)),
            presentation.prose(f"derivation.argument.{name}", states=others), presentation.check(whole, state.at()),
            label=f"two-adjoints-{state.name}",
        ))
    if not steps:
        return []
    first, *others_ = steps
    example = next(state for state in states if state not in listed).at()
    claim = presentation.prose(
        f"derivation.argument.{'two' if len(model.states) > 1 else 'one'}", node=presentation.tree(Adjoint(example), model),
        step=presentation.tree(StepAdjoint(example), model), state=presentation.tree(example, model),
    )
    return [Step(first.equation, first.rule, first.shapes, claim, label=first.label), *others_]
