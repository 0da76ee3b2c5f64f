"""The sum of products for several states: factors are block matrices, one row or column for each state."""

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.linear import LinearMap
from symbptt.algebra.nodes import BETWEEN, SOURCE, TIME, ProductOver
from symbptt.derive import formula, step
from symbptt.derive.adjoint import initial as starts
from symbptt.model.values import Model, Variable
from symbptt.narrative import symbols
from symbptt.narrative.jacobians import SQUARE, immediate_action, vector
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.stages import readable
from symbptt.narrative.values import Step
from symbptt.narrative.written_sum import head, written_sum
from symbptt.typeset.tree import BigOperator, Fenced, Operator, Row, Tree

IN_BLOCKS = "term-in-blocks"
"""The label of the term (t, k) in blocks, which stands where not every factor is put in."""


def in_blocks(model: Model, presentation: Presentation, wrt: tuple[Variable, ...]) -> list[Step]:
    """The product of block matrices, the term k = t of every variable, and the sums for those that no state reads."""
    if not any(step.immediate(model, v) and not starts(model, v) and written_sum(model, v) is None for v in wrt):
        return _written(model, presentation, wrt)
    steps = [_term(model, presentation)] if len(model.states) <= SQUARE else []
    for variable in wrt:
        action = None if starts(model, variable) else immediate_action(model, variable)
        if action is not None and written_sum(model, variable) is None:
            found = {vector(model, s): _loss_value(model, s) for s in model.states}
            value = symbols.abbreviated(_replaced(step.immediate(model, variable), model, found), model)
            if not readable(value, model):
                continue
            left = tidy.mul(tidy.transpose(symbols.immediate(formula.state(model), variable.at())), symbols.loss_symbol(model))
            rule = presentation.prose("derivation.substituted.term_now")
            left, value = (symbols.at(side, symbols.loss_at(model)) for side in (left, value))
            check = presentation.check(value, variable.at())
            steps.append(Step(presentation.equation(model, left, value), rule, check, label=f"term-now-{variable.name}"))
    return [*steps, *_written(model, presentation, wrt)]


def _term(model: Model, presentation: Presentation) -> Step:
    """The term (t, k) as a product of block matrices."""
    theta = symbols.parameter(model)
    J = step.state_jacobian(model)

    def whole(state: Variable, when: sp.Expr) -> MatrixExpr:
        return formula.of_all_heads(state.at(when), model)

    def block(row: Variable, column: Variable) -> MatrixExpr:
        if (column.name, row.name) not in J:
            return sp.ZeroMatrix(row.rows * row.columns, column.rows * column.columns)
        return tidy.transpose(symbols.immediate(whole(column, BETWEEN), whole(row, BETWEEN - 1)))

    first = presentation.blocks(model, (tuple(tidy.transpose(symbols.immediate(whole(s, SOURCE), theta))
        for s in model.states),))
    middle = presentation.blocks(model, tuple(tuple(block(row, column) for column in model.states) for row in model.states))
    last = presentation.blocks(model, tuple((_loss_entry(model, s),) for s in model.states))
    chain = ProductOver(tidy.transpose(symbols.jacobian(model, BETWEEN)), BETWEEN, SOURCE + 1, TIME)
    sign = _first_big(presentation.tree(chain, model))
    left, right = presentation.ordered([first, last])
    product = Row((left, Operator("\u2009"), Fenced(Row((sign, middle))), Operator("\u2009"), right))
    claim = presentation.prose("derivation.substituted.blocks")
    term = tidy.mul(tidy.transpose(symbols.immediate(formula.state(model, SOURCE), theta)), chain, symbols.loss_symbol(model))
    equation = presentation.equation(model, term, product)
    return Step(equation, presentation.prose("derivation.substituted.block_product"), "", claim, label=IN_BLOCKS)


def _written(model: Model, presentation: Presentation, wrt: tuple[Variable, ...]) -> list[Step]:
    """The sums that can be written out: by variables that no state reads, and of states that do not act on each other."""
    found = {v: written_sum(model, v) for v in wrt if not starts(model, v)}
    rule = presentation.prose("derivation.substituted.rule")
    return [
        Step(presentation.equation(model, head(model, v), value), rule, presentation.check(value, v.at()), label=f"sum-{v.name}")
        for v, value in found.items() if value is not None
    ]


def _replaced(maps: dict[str, LinearMap], model: Model, found: dict[sp.MatrixSymbol, MatrixExpr]) -> MatrixExpr:
    parts = [inner.transposed().product(found[vector(model, model[name])]) for name, inner in maps.items()]
    return tidy.joined(*parts)


def _loss_value(model: Model, state: Variable) -> MatrixExpr:
    return step.loss_gradient(model).get(state.name, sp.ZeroMatrix(state.rows, state.columns))


def _loss_entry(model: Model, state: Variable) -> MatrixExpr:
    if state.name not in step.loss_gradient(model):
        return sp.ZeroMatrix(state.rows * state.columns, 1)
    return tidy.transpose(symbols.immediate(symbols.loss(model), formula.of_all_heads(state.at(), model)))


def _first_big(tree: Tree) -> BigOperator:
    assert isinstance(tree, Row) and isinstance(tree.items[0], BigOperator)
    return tree.items[0]
