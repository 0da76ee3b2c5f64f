"""The backward recursion: for the state as a whole, then for every value, with the numbers that emitted code carries."""

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt import typeset
from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME, SumOver
from symbptt.algebra.related import Adjoint
from symbptt.derive import formula, step
from symbptt.derive.adjoint import initial
from symbptt.derive.recursion import RecursionEquation, contribution, recursion
from symbptt.derive.sweep import Contribution
from symbptt.model.values import Model, Role, Variable
from symbptt.narrative import symbols
from symbptt.narrative.inline import math
from symbptt.narrative.local import routes, rule_names
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.products import Factors, Pattern, members, patterns
from symbptt.narrative.symbols import LAST
from symbptt.narrative.values import Prose, Section, Step
from symbptt.typeset.tree import Aligned, Equality, Fenced, Operator, Row, Script, Text, Tree


def _with(side: Tree, note: Tree) -> Tree:
    items = side.items if isinstance(side, Row) else (side,)
    return Row((*items, *[Operator("\u2009")] * 3, Fenced(note)))


BEFORE_LAST = "t = T−1, …, 1"


def during(side: Tree, steps: str | Tree) -> Tree:
    """A right side with the steps for which it holds, as "t = 1, …, T"."""
    return _with(side, math(steps) if isinstance(steps, str) else steps)


def base_case(side: Tree, presentation: Presentation) -> Tree:
    """A right side marked as the base case."""
    return _with(side, Text(presentation.text("derivation.when.base")))


def state_form(model: Model, presentation: Presentation, wrt: tuple[Variable, ...]) -> Section:
    """The recursion of the step adjoint, base case first, and the gradients from it."""
    assert model.loss is not None
    bar, g = symbols.adjoint_symbol, symbols.loss_symbol
    later = TIME + 1
    back = tidy.mul(tidy.transpose(symbols.jacobian(model, later)), bar(model, later))
    parts = [back] if model.loss.at == "last" else [g(model), back]
    if step.loss_lag(model):
        lag = Factors(model, True).lag(later)
        parts.append(lag)
    value = tidy.add(*parts)
    lines = Aligned((
        Equality(presentation.tree(bar(model, LAST), model), (base_case(presentation.tree(g(model, LAST), model),
            presentation),)),
        Equality(presentation.tree(bar(model), model), (during(presentation.tree(value, model),
            presentation.steps(BEFORE_LAST)),)),
    ))
    single = "states" if formula.stacked(model) else "state"
    claim = presentation.prose(
        f"derivation.backward.{single}", adjoint=presentation.tree(bar(model), model),
        loss=presentation.tree(symbols.loss(model, None), model), state=presentation.tree(formula.state(model), model),
    )
    rule = presentation.prose("derivation.backward.chain_rule")
    if only_last_lags(model):
        rule += presentation.prose("derivation.backward.only_last")
    steps = [Step(lines, rule, presentation.check(value), claim)]
    # The initial values of several states stand in one equation, that of s_0.
    steps += dict.fromkeys(from_state(model, presentation, pattern) for pattern in patterns(model, wrt))
    return Section(presentation.text("derivation.backward.heading"), tuple(steps))


def only_last_lags(model: Model) -> bool:
    """Whether the loss is that of the last step alone and reads the state before it."""
    return model.loss is not None and model.loss.at == "last" and bool(step.loss_lag(model))


def from_state(model: Model, presentation: Presentation, pattern: Pattern, known: bool = False) -> Step:
    """The gradients of a pattern by the step adjoint; `known` says that the variables were named before."""
    write, theta = Factors(model, True), pattern.symbol(model, TIME)
    left = symbols.total(symbols.loss(model, None), theta)
    if pattern.initial:
        value = tidy.mul(write.jacobian(1), symbols.adjoint_symbol(model, 1))
        only_last = only_last_lags(model)  # the loss of step 1 counts for T = 1 alone
        if step.loss_lag(model) and not only_last:
            value = tidy.add(value, write.lag(1))
        rule = presentation.prose("derivation.backward.enters", variable=presentation.tree(theta, model), step="1")
        whole = presentation.equation(model, left, value)
        if only_last:
            whole = before_last(whole.left, whole.sides[0], "T > 1")
        return Step(whole, rule, presentation.check(value), label="gradient-of-start")
    direct = [write.direct(theta, TIME)] if pattern.direct else []
    through = [tidy.mul(write.immediate(theta, TIME), symbols.adjoint_symbol(model))] if pattern.reaches else []
    whole = _accumulated(model, pattern.timed, through, direct) if direct or through else sp.ZeroMatrix(*theta.shape)
    key = "enters" if pattern.timed else "parts" if pattern.reaches else "own_part"
    rule = presentation.prose(f"derivation.backward.{key}", variable=presentation.tree(theta, model), step="t")
    return Step(
        presentation.equation(model, left, whole), rule, "",
        () if known else members(model, presentation, pattern), label=f"gradient-{pattern.variables[0].name}-by-state",
    )


def _accumulated(model: Model, timed: bool, always: list[MatrixExpr], with_loss: list[MatrixExpr]) -> MatrixExpr:
    """The sum over the steps; parts that come from the loss alone count only where there is one."""
    assert model.loss is not None
    if timed:
        return tidy.add(*with_loss, *always)
    if model.loss.at == "every":
        return SumOver(tidy.joined(*with_loss, *always), TIME, 1, LAST)
    parts = [symbols.at(p, LAST) for p in with_loss]
    if always:
        parts.append(SumOver(tidy.joined(*always), TIME, 1, LAST))
    return tidy.add(*parts)


def zero_before_last(model: Model) -> frozenset[str]:
    """With a loss at the last step only: the values whose adjoints are zero at all other steps."""
    assert model.loss is not None
    if model.loss.at != "last":
        return frozenset()
    found = {e.target.name for e in model.loss.equations}
    for equation in recursion(model).adjoints:
        live_terms = [c for c in equation.terms if c.through.name not in found]
        if not live_terms and not equation.carries:
            found.add(equation.variable.name)
    return frozenset(found)


def rules(
    model: Model, presentation: Presentation, variable: Variable, terms: tuple[Contribution, ...],
    later: tuple[Contribution, ...] = ()
) -> Prose:
    """Which reader contributes by which rules: "from o: matrix product"; `later` come from the next step."""
    by_name = {e.target.name: e for e in model.all_equations}
    made: dict[tuple[str, str], list[Tree]] = {}
    readers = [(c.through.name, "now") for c in terms] + [(c.through.name, "later") for c in later]
    for reader, when in dict.fromkeys(readers):
        if reader not in by_name:
            continue
        equation = by_name[reader]
        sources = {variable.name, *(s.name for s in initial(model, variable))}
        mine = [route for route in routes(equation.value, equation.target.at()) if route[0].name in sources]
        if equation.target.definition is not None and equation.target.latex is None:
            when = f"inner_{when}"
        made.setdefault((when, rule_names(presentation, mine)), []).append(presentation.name(equation.target, model))
    told = (presentation.prose(f"rules.from.{when}", reader=presentation.listed(names), rules=by)
        for (when, by), names in made.items())
    return presentation.joined(told) or presentation.prose("rules.nothing")


def live_terms(model: Model, equation: RecursionEquation) -> tuple[Contribution, ...]:
    """What an adjoint equation gets from its own step where that is not the last."""
    zero = zero_before_last(model)
    return tuple(c for c in equation.terms if c.through.name not in zero)


def before_last(left: Tree, right: Tree, steps: str | Tree = BEFORE_LAST) -> Equality:
    """An equation of the steps before the last."""
    return Equality(left, (during(right, steps),))


def line(left: Tree, right: Tree, apart: bool) -> Equality:
    """An equation, with the steps that it is for where the last step has another."""
    return before_last(left, right) if apart else Equality(left, (right,))


def both(model: Model, presentation: Presentation, left: MatrixExpr, last: MatrixExpr, earlier: MatrixExpr) -> Aligned:
    """The equation of the last step, written in t, above that of the steps before."""
    base = during(presentation.tree(symbols.at(last, LAST), model), presentation.steps("t = T"))
    return Aligned((
        Equality(presentation.tree(symbols.at(left, LAST), model), (base,)),
        before_last(presentation.tree(left, model), presentation.tree(earlier, model), presentation.steps(BEFORE_LAST)),
    ))


def right_sides(model: Model, equation: RecursionEquation) -> tuple[MatrixExpr, MatrixExpr]:
    """The right sides of an adjoint equation: for the base case t = T, written in t, and for the steps before."""
    v = equation.variable
    parts = (contribution(model, c) for c in (*live_terms(model, equation), *equation.carries))
    return equation.now, tidy.joined(sp.ZeroMatrix(v.rows, v.columns), *parts)


def value_step(model: Model, presentation: Presentation, equation: RecursionEquation) -> Step:
    """One numbered adjoint equation; two lines, base case first, where the last step differs from the others."""
    v = equation.variable
    now, earlier = right_sides(model, equation)
    adjoint = Adjoint(v.at())
    check = presentation.check(earlier, adjoint)
    rule = rules(model, presentation, v, equation.terms, equation.carries)
    tree = presentation.equation(model, adjoint, earlier) if now == earlier else both(model, presentation, adjoint, now, earlier)
    label = f"adjoint-{v.name}"
    if v.definition is None or v.latex is None:
        return Step(tree, rule, check, _stands_for(model, presentation, v), equation.number, label)
    meaning = presentation.equation(model, typeset.name_of(v.at(), model, presentation.notation), v.definition)
    return Step(tree, presentation.joined((rule, (meaning,))), check, (), equation.number, label)


def _stands_for(model: Model, presentation: Presentation, variable: Variable) -> Prose:
    """What a name of our own means, where the formula shows the name."""
    named = of_unnamed(model, presentation, variable)
    return presentation.prose("derivation.backward.stands_for", **named) if named else ()


def of_unnamed(model: Model, presentation: Presentation, variable: Variable) -> dict[str, Tree]:
    """An adjoint and the value that it is of, where the model has no name for the value and the symbol does not show it."""
    if variable.definition is None:
        return {}
    inner, adjoint = presentation.tree(variable.definition, model), presentation.tree(Adjoint(variable.at()), model)
    shown = typeset.text(inner).replace(" ", "") in typeset.text(adjoint).replace(" ", "")
    return {} if shown else {"adjoint": adjoint, "value": inner}


def gradient_side(model: Model, equation: RecursionEquation) -> MatrixExpr:
    """The right side of a gradient equation."""
    v = equation.variable
    zero = zero_before_last(model)
    if not equation.terms:
        return sp.ZeroMatrix(v.rows, v.columns)
    if initial(model, v):
        return tidy.add(*(symbols.at(contribution(model, c), 1) for c in equation.terms))
    always = [c.value for c in live_terms(model, equation)]
    return _accumulated(model, v.timed, always, [c.value for c in equation.terms if c.through.name in zero])


def gradient_of(model: Model, variable: Variable) -> MatrixExpr:
    """The left side of a gradient equation; that of a state is by its initial value."""
    return symbols.total(symbols.loss(model, None), variable.at(0) if variable.role is Role.STATE else variable.at())


def splits(model: Model, equation: RecursionEquation) -> bool:
    """Whether the gradient by the value of the last step has parts that those by earlier ones have not: from a loss there."""
    v, zero = equation.variable, zero_before_last(model)
    return v.timed and not initial(model, v) and any(c.through.name in zero for c in equation.terms)


def gradient_step(model: Model, presentation: Presentation, equation: RecursionEquation) -> Step:
    """One numbered gradient equation; two lines where only the value of the last step is read by a loss."""
    v = equation.variable
    value, left = gradient_side(model, equation), gradient_of(model, v)
    earlier = tidy.add(sp.ZeroMatrix(v.rows, v.columns), *(c.value for c in live_terms(model, equation)))
    rule = rules(model, presentation, v, equation.terms)
    if value.has(SumOver):
        rule = presentation.joined((rule, presentation.prose("rules.sum_over_t")))
    tree = (
        both(model, presentation, left, value, earlier) if splits(model, equation) else presentation.equation(model, left, value)
    )
    return Step(tree, rule, presentation.check(value, v.at()), (), equation.number, f"gradient-{v.name}")


def node_form(model: Model, presentation: Presentation, wrt: tuple[Variable, ...]) -> Section:
    """The adjoint of every value in the order in which the backward pass computes them, then the gradients."""
    found = recursion(model)
    steps = [value_step(model, presentation, e) for e in found.adjoints]
    steps += [gradient_step(model, presentation, e) for e in found.gradients if e.variable in wrt]
    example = next((e.variable for e in found.adjoints), None)
    shown = presentation.tree(Adjoint(example.at()), model) if example else ""
    intro = presentation.prose("derivation.values.intro", adjoint=shown, loss=presentation.tree(symbols.loss(model, None), model))
    inner = next((e.variable for e in found.adjoints if e.variable.definition is not None and e.variable.latex), None)
    if inner is not None:
        symbol = presentation.name(inner, model)
        intro += presentation.prose("derivation.values.parts", letter=symbol.base if isinstance(symbol, Script) else symbol)
    return Section(presentation.text("derivation.values.heading"), tuple(steps), (intro,), level=2)

