"""The backward recursion: for the state as a whole, then for every value, with the numbers that emitted code carries."""

from __future__ import annotations

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt import typeset
from symbptt.algebra import build
from symbptt.algebra.nodes import TIME, Series
from symbptt.derive import step
from symbptt.derive.adjoint import NODE, Contribution, initial, symbol
from symbptt.derive.recursion import RecursionEquation, recursion
from symbptt.model.values import Model, Role, Variable
from symbptt.narrative import shapes, symbols
from symbptt.narrative.inline import math, prose
from symbptt.narrative.local import routes, rule_names
from symbptt.narrative.products import Factors, Pattern, members, patterns
from symbptt.narrative.symbols import LAST
from symbptt.narrative.values import Prose, Section, Step
from symbptt.typeset.tree import Aligned, Equality, Fenced, Operator, Row, Text, Tree


def _tree(model: Model, expression: MatrixExpr) -> Tree:
    return typeset.compose(expression, model=model)


def during(side: Tree, when: str) -> Tree:
    """A right side with the steps for which it holds, as "t = 1, …, T" or in words."""
    items = side.items if isinstance(side, Row) else (side,)
    return Row((*items, *[Operator("\u2009")] * 3, Fenced(_when(when))))


def _when(text: str) -> Tree:
    return math(text) if text.startswith("t ") else Text(text)


def state_form(model: Model, wrt: tuple[Variable, ...]) -> Section:
    """The recursion of the step adjoint, base case first, and the gradients from it."""
    assert model.loss is not None
    bar, g = symbols.adjoint_symbol, symbols.loss_symbol
    later = TIME + 1
    back = build.mul(build.transpose(symbols.jacobian(model, later)), bar(model, later))
    parts = [back] if model.loss.at == "last" else [g(model), back]
    if step.loss_lag(model):
        lag = Factors(model, True).lag(later)
        parts.append(lag)
    value = build.add(*parts)
    lines = Aligned((
        Equality(_tree(model, bar(model, LAST)), (during(_tree(model, g(model, LAST)), "base case"),)),
        Equality(_tree(model, bar(model)), (during(_tree(model, value), "t = T−1, …, 1"),)),
    ))
    claim: Prose = (
        "The step adjoint ", _tree(model, bar(model)), " is the gradient of ", _tree(model, symbols.loss(model, None)), " by ",
        _tree(model, symbols.state(model)), *_not_chained(model),
    )
    rule = "chain rule, one step at a time"
    if step.loss_lag(model) and model.loss.at == "last":
        rule += "; the last summand for t = T−1 only"
    steps = [Step(lines, rule, shapes.check(value), claim)]
    steps += [_from_state(model, pattern) for pattern in patterns(model, wrt)]
    return Section("Backward recursion", tuple(steps))


def _not_chained(model: Model) -> Prose:
    if len(model.states) == 1:
        return (".",)
    return (" as a whole: a route from one state into another of the same step is not in it, but in the state Jacobian.",)


def _from_state(model: Model, pattern: Pattern) -> Step:
    write, theta = Factors(model, True), pattern.symbol(model, TIME)
    left = symbols.total(symbols.loss(model, None), theta)
    if pattern.initial:
        value = build.mul(write.jacobian(1), symbols.adjoint_symbol(model, 1))
        if step.loss_lag(model):
            value = build.add(value, write.lag(1))
        return Step(typeset.equation(left, value, model=model), "one step further back", shapes.check(value))
    direct = [write.direct(theta, TIME)] if pattern.direct else []
    through = [build.mul(write.immediate(theta, TIME), symbols.adjoint_symbol(model))] if pattern.reaches else []
    return Step(
        typeset.equation(left, _accumulated(model, pattern.timed, through, direct), model=model),
        "each step adds its part" if not pattern.timed else "the part of its own step", "", members(model, pattern),
    )


def _accumulated(model: Model, timed: bool, always: list[MatrixExpr], with_loss: list[MatrixExpr]) -> MatrixExpr:
    """The sum over the steps; parts that come from the loss alone count only where there is one."""
    assert model.loss is not None
    if timed:
        return build.add(*with_loss, *always) if with_loss or always else sp.ZeroMatrix(1, 1)
    if model.loss.at == "every":
        return Series(build.add(*with_loss, *always), TIME, 1, LAST)
    parts = [symbols.at(p, LAST) for p in with_loss]
    if always:
        parts.append(Series(build.add(*always), TIME, 1, LAST))
    return build.add(*parts)


def silent(model: Model) -> frozenset[str]:
    """With a loss at the last step only: the values whose adjoints are zero at all other steps."""
    assert model.loss is not None
    if model.loss.at != "last":
        return frozenset()
    found = {e.target.name for e in model.loss.equations}
    for equation in recursion(model).adjoints:
        heard = [c for c in equation.terms if c.through.name not in found]
        if not heard and not equation.carries:
            found.add(equation.variable.name)
    return frozenset(found)


def rules(model: Model, variable: Variable, terms: tuple[Contribution, ...], later: tuple[Contribution, ...] = ()) -> str:
    """Which reader contributes by which rules: "from o: matrix product"; `later` come from the next step."""
    by_name = {e.target.name: e for e in model.all_equations}
    made: list[str] = []
    readers = [(c.through.name, "") for c in terms] + [(c.through.name, " of the next step") for c in later]
    for reader, when in dict.fromkeys(readers):
        if reader not in by_name:
            continue
        equation = by_name[reader]
        sources = {variable.name, *(s.name for s in initial(model, variable))}
        mine = [route for route in routes(equation.value, equation.target.at()) if route[0].name in sources]
        shown = equation.target.name if equation.target.definition is None else "the inner value"
        made.append(f"from {shown}{when}: {rule_names(mine)}")
    return "; ".join(made) or "nothing reads it"


def right_sides(model: Model, equation: RecursionEquation) -> tuple[MatrixExpr, MatrixExpr]:
    """The right sides of an adjoint equation: for the base case t = T, written in t, and for the steps before."""
    v = equation.variable
    mute = silent(model)
    heard = tuple(c for c in equation.terms if c.through.name not in mute)
    return equation.now, build.add(sp.ZeroMatrix(v.rows, v.columns), *(c.value for c in (*heard, *equation.carries)))


def value_step(model: Model, equation: RecursionEquation) -> Step:
    """One numbered adjoint equation; two lines, base case first, where the last step differs from the others."""
    v = equation.variable
    now, earlier = right_sides(model, equation)
    adjoint = symbol(NODE, v, TIME)
    check = shapes.check(equation.value) if (*equation.terms, *equation.carries) else shapes.shape(adjoint)
    rule = rules(model, v, equation.terms, equation.carries)
    if now == earlier:
        tree: Tree = typeset.equation(adjoint, earlier, model=model)
    else:
        base = during(_tree(model, symbols.at(now, LAST)), "t = T")
        tree = Aligned((
            Equality(_tree(model, symbols.at(adjoint, LAST)), (base,)),
            Equality(_tree(model, adjoint), (during(_tree(model, earlier), "t = T−1, …, 1"),)),
        ))
    return Step(tree, rule, check, _stands_for(model, v), equation.number)


def _stands_for(model: Model, variable: Variable) -> Prose:
    """What a name of our own means, where the formula shows the name."""
    if variable.definition is None:
        return ()
    inner, adjoint = _tree(model, variable.definition), _tree(model, symbol(NODE, variable, TIME))
    if typeset.text(inner).replace(" ", "") in typeset.text(adjoint).replace(" ", ""):
        return ()
    return (adjoint, " is the adjoint of ", inner, ":")


def gradient_side(model: Model, equation: RecursionEquation) -> MatrixExpr:
    """The right side of a gradient equation."""
    v = equation.variable
    mute = silent(model)
    if not equation.terms:
        return sp.ZeroMatrix(v.rows, v.columns)
    if initial(model, v):
        return build.add(*(symbols.at(c.value, 1) for c in equation.terms))
    heard = [c.value for c in equation.terms if c.through.name not in mute]
    return _accumulated(model, v.timed, heard, [c.value for c in equation.terms if c.through.name in mute])


def gradient_step(model: Model, equation: RecursionEquation) -> Step:
    """One numbered gradient equation."""
    v = equation.variable
    value = gradient_side(model, equation)
    left = symbols.total(symbols.loss(model, None), v.at(0) if v.role is Role.STATE else v.at())
    rule = rules(model, v, equation.terms) + ("; sum over t" if not v.timed and not initial(model, v) else "")
    return Step(typeset.equation(left, value, model=model), rule, shapes.check(value, v.at()), number=equation.number)


def node_form(model: Model, wrt: tuple[Variable, ...]) -> Section:
    """The adjoint of every value in the order in which the backward pass computes them, then the gradients."""
    found = recursion(model)
    steps = [value_step(model, e) for e in found.adjoints]
    steps += [gradient_step(model, e) for e in found.gradients if e.variable in wrt]
    example = next((e.variable for e in found.adjoints), None)
    shown = _tree(model, symbol(NODE, example, TIME)) if example else ""
    intro: Prose = (
        "The same value by value, as the code computes it: ", shown, " is the gradient of ",
        _tree(model, symbols.loss(model, None)),
        *prose(" by one value of step `t`, through everything that reads it, in the same step or the next. For `t = T` there is "
               "no next step: the base case. The numbers are those of the comments in the code."),
    )
    return Section("Backward recursion, value by value", tuple(steps), (intro,), level=2)

