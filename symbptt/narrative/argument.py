"""Why the three forms are one: from the recursion of the nested form to the sum of products, and from there to the backward one.

Everything is said with opaque factors, so it holds for any model; several states are one column, and their Jacobian has blocks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import build
from symbptt.algebra.nodes import BETWEEN, SOURCE, TIME, ProductOver, SumOver
from symbptt.algebra.related import Adjoint, StepAdjoint
from symbptt.derive import formula, step
from symbptt.derive.recursion import recursion
from symbptt.model.values import Model, Variable
from symbptt.narrative import nested, symbols
from symbptt.narrative.backward import base_case, during, from_state
from symbptt.narrative.products import EXPANDED, Factors, Pattern, chain_shapes, general, head, listed, patterns
from symbptt.narrative.symbols import LAST
from symbptt.narrative.values import Prose, Section, Step
from symbptt.narrative.voice import Voice
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


def section(graph: UnrolledGraph, voice: Voice, wrt: tuple[Variable, ...]) -> Section:
    """The argument for the first form of gradient that goes through the states, and a line for each of the others.

    A parameter that all steps share comes before a variable with a value of its own at each, and that before a start.
    """
    model, found = graph.model, patterns(graph.model, wrt)
    lead = _lead(found)
    others = [pattern for pattern in found if pattern is not lead]
    steps: list[Step] = []
    if lead is not None:
        steps += [*_nested(model, voice, lead), *_sum(graph, voice, lead), *_backward(model, voice, lead)]
    steps += dict.fromkeys(from_state(model, voice, pattern) for pattern in others)
    steps += _two_adjoints(model, voice) if lead is not None else ()
    return Section(voice.word(HEADING), tuple(steps), _intro(model, voice, graph.T, lead))


def _intro(model: Model, voice: Voice, T: int, lead: Pattern | None) -> tuple[Prose, ...]:
    assert model.loss is not None
    if lead is None:
        return (voice.say("derivation.products.own_step"),)
    number = T * (T + 1) // 2 if model.loss.at == "every" else T
    shared = not lead.timed and not lead.initial
    count = voice.say("derivation.products.count", number=str(number), T=str(T)) if shared else ()
    told = [voice.say("derivation.products.intro", count=count)]
    return (*([_copies(model, voice, lead)] if shared else []), *told)


def _copies(model: Model, voice: Voice, lead: Pattern) -> Prose:
    """What a sum over the steps has to do with a parameter that all of them share: each step has a copy."""
    theta = voice.tree(lead.symbol(model), model)
    base, sub = (theta.base, theta.sub) if isinstance(theta, Script) else (theta, None)
    copy = Script(base, sub, Fenced(voice.tree(SOURCE, model)))
    whole = voice.tree(symbols.total(symbols.loss(model, None), lead.symbol(model)), model)
    by_copy = _replaced(whole, theta, copy)
    sum_over = BigOperator("∑", Row((voice.tree(SOURCE, model), Operator("="), voice.tree(sp.S.One))), voice.tree(LAST))
    immediate = voice.tree(symbols.immediate(formula.state(model, SOURCE), lead.symbol(model)), model)
    return voice.say(
        "derivation.argument.copies", parameter=theta, copy=copy, immediate=immediate,
        sum=Row((whole, Operator("="), sum_over, by_copy)),
    )


def _replaced(tree: Tree, old: Tree, new: Tree) -> Tree:
    return new if tree == old else rebuilt(tree, lambda inner: _replaced(inner, old, new))


def _nested(model: Model, voice: Voice, lead: Pattern) -> list[Step]:
    """The recursion of the nested form, and what it is by induction; for a value of one step no more than a product."""
    first = nested.recursion(model, voice, lead)
    write, theta = Factors(model, True), lead.symbol(model)
    left = build.transpose(symbols.total(formula.state(model), theta))
    from_step = sp.S.One if lead.initial else SOURCE + 1

    def up_to(last: sp.Expr) -> MatrixExpr:
        chain = ProductOver(write.jacobian(BETWEEN), BETWEEN, from_step, last)
        inner = chain if lead.initial else build.mul(write.immediate(theta, SOURCE), chain)
        return inner if lead.initial or lead.timed else SumOver(inner, SOURCE, 1, last)

    longer = build.mul(up_to(TIME - 1), write.jacobian(TIME))
    if lead.initial or lead.timed:
        start = "t = 1, …, T" if lead.initial else "t = k+1, …, T"
        found = during(voice.tree(up_to(TIME), model), voice.steps(start))
        whole = Equality(voice.tree(left, model), (voice.tree(longer, model), found))
        return [first, Step(whole, voice.say("derivation.argument.product"), label="induction")]
    grown = build.add(write.immediate(theta, TIME), longer)
    equation = voice.equation(model, left, grown, up_to(TIME))
    claim = voice.say("derivation.argument.induction", jacobian=voice.tree(write.jacobian(TIME), model))
    return [first, Step(equation, voice.say("derivation.argument.by_induction"), claim=claim, label="induction")]


def _sum(graph: UnrolledGraph, voice: Voice, lead: Pattern) -> list[Step]:
    """The sum of products: what was found, in the gradient of the loss; its terms for the chosen T where states have blocks."""
    model = graph.model
    sides = (nested.gradient_side(model, lead), general(model, lead, letters=True))
    whole = Step(
        voice.equation(model, head(model, lead), *dict.fromkeys(sides)), voice.say("derivation.argument.inserted"),
        chain_shapes(model, voice, lead), voice.say("derivation.argument.sum"), label="sum-of-products",
    )
    return [whole, *(listed(graph, voice, lead) if formula.stacked(model) and graph.T <= EXPANDED else ())]


def _collected(model: Model, first: sp.Expr) -> MatrixExpr | None:
    """What the losses from step `first` on send back to step k; None where L_t reads the state before."""
    assert model.loss is not None
    if step.loss_lag(model):
        return None
    write = Factors(model, True)
    chain = ProductOver(write.jacobian(BETWEEN), BETWEEN, first + 1, TIME)
    body = build.mul(chain, write.loss(TIME))
    return body.xreplace({TIME: LAST}) if model.loss.at == "last" else SumOver(body, TIME, first, LAST)


def _backward(model: Model, voice: Voice, lead: Pattern) -> list[Step]:
    """The same terms in the other order: the step adjoint, the gradient from it, and the recursion that it obeys."""
    assert model.loss is not None
    write, bar = Factors(model, True), symbols.adjoint_symbol
    whole = _collected(model, SOURCE)
    steps: list[Step] = []
    if whole is not None:
        steps.append(Step(
            voice.equation(model, bar(model, SOURCE), whole), voice.say(f"derivation.argument.other_order_{model.loss.at}"), "",
            voice.say(f"derivation.argument.regroup_{model.loss.at}"), label="step-adjoint",
        ))
    steps += [*_meaning(model, voice, write), _recursion(model, voice, write)]
    return [*steps, from_state(model, voice, lead, known=True)]


def _meaning(model: Model, voice: Voice, write: Factors) -> list[Step]:
    """What the step adjoint is: the derivative of a later state by it, by induction, and the chain rule for the loss."""
    assert model.loss is not None
    first, bar = formula.state(model, SOURCE), symbols.adjoint_symbol(model, SOURCE)

    def by_first(at: sp.Expr) -> MatrixExpr:
        return build.transpose(symbols.total(formula.state(model, at), first))

    def over_losses(body: MatrixExpr, start: sp.Expr) -> MatrixExpr:
        return symbols.at(body, LAST) if model.loss is not None and model.loss.at == "last" else SumOver(body, TIME, start, LAST)

    chain = ProductOver(write.jacobian(BETWEEN), BETWEEN, SOURCE + 1, TIME)
    longer = build.mul(by_first(TIME - 1), write.jacobian(TIME))
    found = during(voice.tree(chain, model), voice.steps("t = k+1, …, T"))
    induction = Equality(voice.tree(by_first(TIME), model), (voice.tree(longer, model), found))
    state, loss = voice.tree(first, model), voice.tree(symbols.loss(model, None), model)
    base = voice.equation(model, build.transpose(by_first(SOURCE)), sp.Identity(formula.state_rows(model)))
    parts = [over_losses(build.mul(by_first(TIME), write.loss(TIME)), SOURCE)]
    if step.loss_lag(model):
        parts.append(over_losses(build.mul(by_first(TIME - 1), write.lag(TIME)), SOURCE + 1))
    several = "states" if formula.stacked(model) else "state"
    claim = voice.say(f"derivation.backward.{several}", adjoint=voice.tree(bar, model), loss=loss, state=state)
    return [
        Step(
            induction, voice.say("derivation.argument.by_induction"), voice.check(longer),
            voice.say("derivation.argument.same_induction", base=base, state=state), label="state-derivative",
        ),
        Step(
            voice.equation(model, bar, build.add(*parts), symbols.total(symbols.loss(model, None), first)),
            voice.say("derivation.argument.reached"), "", claim, label="step-adjoint-is-gradient",
        ),
    ]


def _recursion(model: Model, voice: Voice, write: Factors) -> Step:
    """The base case; then the loss of the own step split off, and a Jacobian in front of all the rest."""
    assert model.loss is not None
    bar = symbols.adjoint_symbol
    later = SOURCE + 1
    own = [] if model.loss.at == "last" else [write.loss(SOURCE)]
    lag = [write.lag(later)] if step.loss_lag(model) else []
    rest = _collected(model, later)
    sides = [build.add(*own, build.mul(write.jacobian(later), rest))] if rest is not None else []
    sides.append(build.add(*own, build.mul(write.jacobian(later), bar(model, later)), *lag))
    *others, last = (voice.tree(side, model) for side in sides)
    lines = Aligned((
        Equality(voice.tree(bar(model, LAST), model), (base_case(voice.tree(write.loss(LAST), model), voice),)),
        Equality(voice.tree(bar(model, SOURCE), model), (*others, during(last, voice.steps("k = T−1, …, 1")))),
    ))
    rule = voice.say(f"derivation.argument.split_{model.loss.at}")
    if lag and model.loss.at == "last":
        rule += voice.say("derivation.backward.only_last")
    return Step(lines, rule, voice.check(sides[-1]), label="backward-recursion")


def _two_adjoints(model: Model, voice: Voice) -> list[Step]:
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
        whole = build.add(StepAdjoint(state.at()), *parts)
        others = voice.listed(voice.tree(one.at(), model) for one in listed)
        all_of_them = "every_one_alike" if len(alike) == len(states) else "all_alike"
        name = "inside" if parts else all_of_them if state == last else "same"
        steps.append(Step(
            voice.equation(model, Adjoint(state.at()), symbols.abbreviated(whole, model)),
            voice.say(f"derivation.argument.{name}", states=others), voice.check(whole, state.at()),
            label=f"two-adjoints-{state.name}",
        ))
    if not steps:
        return []
    first, *others_ = steps
    example = next(state for state in states if state not in listed).at()
    claim = voice.say(
        f"derivation.argument.{'two' if len(model.states) > 1 else 'one'}", node=voice.tree(Adjoint(example), model),
        step=voice.tree(StepAdjoint(example), model), state=voice.tree(example, model),
    )
    return [Step(first.equation, first.rule, first.shapes, claim, label=first.label), *others_]
