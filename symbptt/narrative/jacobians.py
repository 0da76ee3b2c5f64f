"""The factors of the sum of products: state Jacobian, gradient of the loss of one step, immediate derivatives."""

from __future__ import annotations

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt import typeset
from symbptt.algebra import build
from symbptt.algebra.linear import LinearMap
from symbptt.algebra.nodes import TIME, Chain, Partial
from symbptt.derive import step
from symbptt.model.values import Model, Role, Variable
from symbptt.narrative import shapes, symbols
from symbptt.narrative.inline import prose
from symbptt.narrative.local import routes
from symbptt.narrative.values import Prose, Section, Step
from symbptt.typeset.tree import Equality, Matrix, Tree

INSIDE = "chain rule inside the step"
LONG = 80
"""Characters of text up to which a Jacobian is shown with its slopes in full, too."""


def _tree(model: Model, expression: MatrixExpr) -> Tree:
    return typeset.compose(expression, model=model)


def _block(model: Model, row: Variable, column: Variable) -> Partial:
    return Partial(row.at(), column.at(TIME - 1), "partial")


def block_matrix(model: Model) -> Tree:
    """J_t as a matrix of blocks."""
    known = step.state_jacobian(model)
    return Matrix(tuple(
        tuple(
            _tree(model, _block(model, row, column) if (row.name, column.name) in known else sp.ZeroMatrix(row.rows, column.rows))
            for column in model.states
        )
        for row in model.states
    ))


def _value(model: Model, head: MatrixExpr, inner: LinearMap) -> tuple[MatrixExpr, MatrixExpr]:
    """(left side, right side): the Jacobian, or where it is no matrix of one sample its action on a column."""
    matrix = inner.matrix()
    if matrix is not None:
        return head, matrix
    vector = sp.MatrixSymbol(symbols.free(model, "vector"), head.shape[0], 1)
    return build.mul(build.transpose(head), vector), inner.transposed().apply(vector)


def _direct(model: Model, state: Variable) -> MatrixExpr | None:
    """The route from a state to its next value inside one equation, if it is there and is not the whole Jacobian."""
    equation = next((e for e in model.equations if e.target == state), None)
    known = step.state_jacobian(model).get((state.name, state.name))
    if equation is None or known is None:
        return None
    maps = [inner.matrix() for leaf, inner, _ in routes(equation.value, state.at()) if leaf == state.at(TIME - 1)]
    if len(maps) != 1 or maps[0] is None or (len(model.states) == 1 and known.matrix() == maps[0]):
        return None
    return maps[0]


def _direct_step(model: Model, state: Variable, direct: MatrixExpr) -> Step:
    product = Chain(symbols.at(direct, symbols.BETWEEN), symbols.BETWEEN, symbols.SOURCE + 1, TIME)
    own, name = _tree(model, state.at()), _tree(model, state.at(TIME - 1))
    block = _tree(model, Partial(state.at(), state.at(symbols.SOURCE), "partial"))
    claim: Prose = (
        "The direct route ", name, " → ", own, " alone has the derivative ", _tree(model, direct), ". Over several steps its "
        "product is one summand of ", block, ", not all of it: other routes lead through the values of the steps in between.",
    )
    return Step(_tree(model, product), "direct route", shapes.shape(product), claim)


def state_jacobian(model: Model) -> Section:
    """J_t, its blocks where there are several states, and the direct route on its own."""
    blocks = step.state_jacobian(model)
    letter, head = symbols.jacobian(model), symbols.state_partial(model)
    steps: list[Step] = []
    if len(model.states) == 1:
        (inner,) = blocks.values()
        left, right = _value(model, head, inner)
        sides = [symbols.abbreviated(right, model)]
        if right != sides[0] and len(typeset.text(right, model)) <= LONG:
            sides.append(right)
        steps.append(Step(_named(model, letter, left, sides), INSIDE, shapes.check(right, left)))
    else:
        equation = Equality(_tree(model, letter), (_tree(model, head), block_matrix(model)))
        steps.append(Step(equation, "blocks, by state", shapes.shape(letter)))
        for (row, column), inner in blocks.items():
            left, right = _value(model, _block(model, model[row], model[column]), inner)
            short = symbols.abbreviated(right, model)
            steps.append(Step(typeset.equation(left, short, model=model), INSIDE, shapes.check(right, left)))
    for variable in model.states:
        direct = _direct(model, variable)
        if direct is not None:
            steps.append(_direct_step(model, variable, direct))
    intro: Prose = ("How the state of one step changes with that of the step before, through all values inside the step.",)
    return Section("State Jacobian", tuple(steps), (intro,))


def _named(model: Model, letter: MatrixExpr, left: MatrixExpr, sides: list[MatrixExpr]) -> Equality:
    if isinstance(left, Partial):
        return typeset.equation(letter, left, *sides, model=model)
    return typeset.equation(left, *sides, model=model)


def loss_gradient(model: Model) -> Section:
    """g_t, and the derivative of L_t by the state before where L_t reads it."""
    L = symbols.loss(model)
    steps: list[Step] = []
    found = step.loss_gradient(model)
    letter, head = symbols.loss_symbol(model), build.transpose(symbols.immediate(L, symbols.state(model)))
    single = len(model.states) == 1
    if not found:
        zero = sp.ZeroMatrix(*letter.shape)
        equation = typeset.equation(letter, head, zero, model=model)
        steps.append(Step(equation, "the loss does not read the state", shapes.shape(letter)))
    elif single:
        (value,) = found.values()
        sides = tuple(dict.fromkeys((symbols.abbreviated(value, model), value)))
        equation = typeset.equation(letter, head, *sides, model=model)
        steps.append(Step(equation, INSIDE, shapes.check(value)))
    else:
        column = Matrix(tuple((_tree(model, _loss_block(model, s, found)),) for s in model.states))
        steps.append(Step(Equality(_tree(model, letter), (_tree(model, head), column)), "blocks, by state", shapes.shape(letter)))
    if not single:
        steps += [_loss_step(model, L, s.at(), found[s.name]) for s in model.states if s.name in found]
    lag = step.loss_lag(model)
    steps += [_loss_step(model, L, s.at(TIME - 1), lag[s.name]) for s in model.states if s.name in lag]
    return Section("Gradient of the loss of one step", tuple(steps), (_loss_claim(model),))


def _loss_claim(model: Model) -> Prose:
    assert model.loss is not None
    if model.loss.at == "last":
        return prose("Only the last step, `t = T`, has a loss.")
    own = "The loss of step `t` by the state of the same step; earlier steps and the other steps' losses do not enter."
    if len(model.states) > 1:
        own += " The states of the step count as independent: a route from one into another belongs to the state Jacobian."
    return prose(own)


def _loss_block(model: Model, state: Variable, found: dict[str, MatrixExpr]) -> MatrixExpr:
    if state.name not in found:
        return sp.ZeroMatrix(state.rows, state.columns)
    return build.transpose(symbols.immediate(symbols.loss(model), state.at()))


def _loss_step(model: Model, L: MatrixExpr, by: MatrixExpr, value: MatrixExpr) -> Step:
    head = build.transpose(symbols.immediate(L, by))
    return Step(typeset.equation(head, symbols.abbreviated(value, model), model=model), INSIDE, shapes.check(value))


def vector(model: Model, state: Variable) -> sp.MatrixSymbol:
    """The part of the column v that belongs to a state."""
    name = symbols.free(model, "vector")
    return sp.MatrixSymbol(name if len(model.states) == 1 else f"{name}_{state.name}", state.rows, state.columns)


def immediate_action(model: Model, variable: Variable) -> tuple[MatrixExpr, MatrixExpr] | None:
    """((d+s_t/d theta)^T v, what it is), or None where theta does not reach the state inside its step."""
    found = step.immediate(model, variable)
    if not found:
        return None
    parts = [inner.transposed().product(vector(model, model[name])) for name, inner in found.items()]
    whole = sp.MatrixSymbol(symbols.free(model, "vector"), symbols.state_rows(model), 1)
    head = build.transpose(symbols.immediate(symbols.state(model), variable.at()))
    return build.mul(head, whole), symbols.abbreviated(build.add(*parts), model)


def immediate(model: Model, wrt: tuple[Variable, ...]) -> Section:
    """The immediate derivatives, as they act on a column, and the direct parts."""
    steps: list[Step] = []
    for variable in wrt:
        if variable.role is Role.STATE:
            continue
        action = immediate_action(model, variable) if model.states else None
        if action is not None:
            check = shapes.check(action[1], variable.at())
            steps.append(Step(typeset.equation(*action, model=model), INSIDE, check))
        direct = step.loss_direct(model, variable)
        if direct is not None:
            head = build.transpose(symbols.immediate(symbols.loss(model), variable.at()))
            short = symbols.abbreviated(direct, model)
            steps.append(Step(typeset.equation(head, short, model=model), "direct part", shapes.check(short, variable.at())))
    return Section("Immediate derivatives", tuple(steps), (_immediate_claim(model),))


def _immediate_claim(model: Model) -> Prose:
    if not model.states:
        return ("What each variable does to the loss of its own step.",)
    whole = _tree(model, sp.MatrixSymbol(symbols.free(model, "vector"), symbols.state_rows(model), 1))
    base: Prose = (
        "What each variable does to its own step, the state before held fixed; transposed, acting on any column ", whole,
    )
    if len(model.states) == 1:
        return (*base, " in the shape of the state, and the result in the shape of the variable.")
    parts: list[str | Tree] = []
    for variable in model.states:
        parts += [_tree(model, vector(model, variable)), ", "]
    return (*base, " with the parts ", *parts[:-1], "; the result has the shape of the variable.")



