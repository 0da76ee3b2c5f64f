"""The terms of the sum of products with every factor in place: written out for one state, in blocks for several."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt import derive, typeset
from symbptt.algebra import build
from symbptt.algebra.linear import LinearMap
from symbptt.algebra.nodes import TIME, BatchMean, Chain, Partial, Series
from symbptt.derive import step
from symbptt.derive.adjoint import initial as starts
from symbptt.derive.sum_of_products import Gradient, Term
from symbptt.model.values import Model, Role, Variable
from symbptt.narrative import symbols
from symbptt.narrative.jacobians import immediate_action, vector
from symbptt.narrative.symbols import BETWEEN, LAST, SOURCE
from symbptt.narrative.values import Step
from symbptt.narrative.voice import Voice
from symbptt.typeset.tree import Aligned, BigOperator, Brace, Fenced, Operator, Row, Tree
from symbptt.unroll.graph import UnrolledGraph

Lines = Callable[[Model, Voice, Gradient, Iterable[MatrixExpr]], Aligned]


LONG = 110
"""Characters of text up to which a term is written without letters for its Jacobians."""
SYMBOLS = 4 * LONG
"""Symbols of a term above which it is not even tried: its slopes may become letters, the rest is too long in any case."""
MANY = 6
"""The largest number of variables for each of which all terms are listed; beyond, they are listed for one."""


def _values(model: Model, voice: Voice, gradient: Gradient) -> list[MatrixExpr]:
    """The value of every term, slope matrices as letters; where that is long, state Jacobians are letters too."""
    found = list(gradient.written_out(SYMBOLS).values())
    values = [symbols.abbreviated(value, model) for value in found if value is not None]
    if len(values) == len(found) and max(len(typeset.text(voice.tree(v, model))) for v in values) <= LONG:
        return values
    return [symbols.abbreviated(_with_letters(model, gradient.parameter, t), model) for t in gradient.terms]


def _with_letters(model: Model, variable: Variable, term: Term) -> MatrixExpr:
    """A term with everything substituted but the state Jacobians."""
    t, k = term.loss_step, term.source_step
    initial = bool(starts(model, variable))
    chain = [build.transpose(symbols.jacobian(model, j)) for j in range(k if initial else k + 1, t + 1)]
    n = symbols.state(model).shape
    cotangent = symbols.at(step.loss_gradient(model).get(model.states[0].name, sp.ZeroMatrix(*n)), t)
    if chain:
        for lag in step.loss_lag(model).values():
            cotangent = build.add(build.mul(chain.pop(), cotangent), symbols.at(lag, t))
    cotangent = build.mul(*chain, cotangent)
    if initial:
        return cotangent
    direct = step.loss_direct(model, variable) if t == k else None
    parts = [sp.ZeroMatrix(variable.rows, variable.columns)] if direct is None else [symbols.at(direct, t)]
    for inner in step.immediate(model, variable).values():
        parts.append(inner.replaced({TIME: sp.Integer(k)}).transposed().product(cotangent))
    return build.add(*parts)


def _factor(model: Model, name: str) -> MatrixExpr | None:
    """J_j^T, as a letter where it is no single product."""
    block = step.state_jacobian(model).get((name, name))
    matrix = block.matrix() if block is not None else None
    if matrix is None:
        return None
    return build.transpose(symbols.jacobian(model, TIME) if isinstance(matrix, sp.MatAdd) else matrix)


def _loop(model: Model, variable: Variable) -> MatrixExpr | None:
    """The substituted sum for a symbolic T, where every factor is a matrix."""
    direct = step.loss_direct(model, variable)
    sums: list[MatrixExpr] = []
    if starts(model, variable) or variable.timed or step.loss_lag(model):
        return None
    if direct is not None:
        sums.append(_summed(model, direct))
    for name, inner in step.immediate(model, variable).items():
        factor = _factor(model, name)
        if factor is None or name not in step.loss_gradient(model):
            return None
        chain = Chain(symbols.at(factor, BETWEEN), BETWEEN, SOURCE + 1, TIME)
        cotangent = build.mul(chain, step.loss_gradient(model)[name])
        body = inner.replaced({TIME: SOURCE}).transposed().product(cotangent)
        # A sum of sums breaks into lines, a sum in parentheses does not.
        parts = [build.split_number(part) for part in (body.args if isinstance(body, sp.MatAdd) else (body,))]
        sums += [build.scale(number, _summed(model, Series(build.mul(*part), SOURCE, 1, TIME))) for number, part in parts]
    return build.add(*(symbols.abbreviated(s, model) for s in sums)) if sums else None


def _summed(model: Model, body: MatrixExpr) -> MatrixExpr:
    assert model.loss is not None
    return body.xreplace({TIME: LAST}) if model.loss.at == "last" else Series(body, TIME, 1, LAST)


def _head(model: Model, variable: Variable) -> MatrixExpr:
    by = variable.at(0) if variable.role is Role.STATE else variable.at(SOURCE)
    return symbols.total(symbols.loss(model, None), by)


def _written_out(model: Model, voice: Voice, term: Term, value: MatrixExpr) -> Step | None:
    """The deepest term with every slope matrix in full, above a brace with its letter."""
    product = voice.tree(value, model)
    full = {
        voice.tree(symbols.at(letter, j), model): voice.tree(symbols.at(template, j), model)
        for _, template, letter in symbols.slopes(model) for j in range(term.source_step, term.loss_step + 1)
    }
    if not isinstance(product, Row) or not full:
        return None
    items = tuple(Brace(full[item], item) if item in full else item for item in product.items)
    if items == product.items:
        return None
    claim = voice.say("derivation.substituted.in_full", t=str(term.loss_step), k=str(term.source_step))
    return Step(Row(items), voice.say("derivation.substituted.slopes"), voice.check(value), claim)


def _terms(graph: UnrolledGraph, voice: Voice, variable: Variable, lines: Lines, full: bool) -> list[Step]:
    """Every term for the chosen T, and if asked the deepest one with its slopes in full."""
    model = graph.model
    gradient = derive.gradient(graph, variable.name)
    values = _values(model, voice, gradient)
    claim = voice.say("derivation.substituted.terms", gradient=voice.tree(_head(model, variable), model), T=str(graph.T))
    rule = voice.say("derivation.substituted.rule")
    made = [Step(lines(model, voice, gradient, values), rule, voice.check(values[-1], variable.at()), claim)]
    deepest = max(range(len(values)), key=lambda i: (gradient.terms[i].loss_step - gradient.terms[i].source_step, -i))
    whole = _written_out(model, voice, gradient.terms[deepest], values[deepest]) if full else None
    return [*made, whole] if whole else made


def _one_state(graph: UnrolledGraph, voice: Voice, wrt: tuple[Variable, ...], lines: Lines, limit: int) -> list[Step]:
    model = graph.model
    made: list[Step] = []
    first = next((v for v in wrt if v.role is Role.PARAMETER and step.immediate(model, v)), wrt[0] if wrt else None)
    listed = _listed(model, wrt, first) if limit >= graph.T else ()
    for variable in wrt:
        loop = _loop(model, variable)
        if loop is not None:
            left = _head(model, variable)
            rule = voice.say("derivation.substituted.rule")
            made.append(Step(voice.equation(model, left, loop), rule, voice.check(loop, variable.at())))
        if variable in listed:
            made += _terms(graph, voice, variable, lines, variable == first)
    return made


def _listed(model: Model, wrt: tuple[Variable, ...], first: Variable | None) -> tuple[Variable, ...]:
    """The variables whose terms are listed: not those with a value per step, and of many the first."""
    if any(e.value.has(BatchMean) for e in model.all_equations):
        return ()
    shared = tuple(v for v in wrt if not v.timed or starts(model, v))
    return shared if len(shared) <= MANY else tuple(v for v in shared if v == first)


def _blocks(model: Model, voice: Voice, wrt: tuple[Variable, ...]) -> list[Step]:
    """Several states: the product of block matrices, and the term k = t of every variable."""
    theta = symbols.parameter(model)
    J = step.state_jacobian(model)

    def block(row: Variable, column: Variable) -> MatrixExpr:
        if (column.name, row.name) not in J:
            return sp.ZeroMatrix(row.rows, column.rows)
        return build.transpose(Partial(column.at(BETWEEN), row.at(BETWEEN - 1), "partial"))

    first = voice.blocks(model, (tuple(build.transpose(symbols.immediate(s.at(SOURCE), theta)) for s in model.states),))
    middle = voice.blocks(model, tuple(tuple(block(row, column) for column in model.states) for row in model.states))
    last = voice.blocks(model, tuple((_loss_entry(model, s),) for s in model.states))
    chain = Chain(build.transpose(symbols.jacobian(model, BETWEEN)), BETWEEN, SOURCE + 1, TIME)
    sign = _first_big(voice.tree(chain, model))
    left, right = voice.ordered([first, last])
    product = Row((left, Operator("\u2009"), Fenced(Row((sign, middle))), Operator("\u2009"), right))
    claim = voice.say("derivation.substituted.blocks")
    steps = [Step(product, voice.say("derivation.substituted.block_product"), "", claim)]
    for variable in wrt:
        action = None if starts(model, variable) else immediate_action(model, variable)
        if action is not None:
            found = {vector(model, s): _loss_value(model, s) for s in model.states}
            value = symbols.abbreviated(_replaced(step.immediate(model, variable), model, found), model)
            left = build.mul(build.transpose(symbols.immediate(symbols.state(model), variable.at())), symbols.loss_symbol(model))
            rule = voice.say("derivation.substituted.term_now")
            steps.append(Step(voice.equation(model, left, value), rule, voice.check(value, variable.at())))
    return steps


def _replaced(maps: dict[str, LinearMap], model: Model, found: dict[sp.MatrixSymbol, MatrixExpr]) -> MatrixExpr:
    parts = [inner.transposed().product(found[vector(model, model[name])]) for name, inner in maps.items()]
    return build.add(*parts)


def _loss_value(model: Model, state: Variable) -> MatrixExpr:
    return step.loss_gradient(model).get(state.name, sp.ZeroMatrix(state.rows, state.columns))


def _loss_entry(model: Model, state: Variable) -> MatrixExpr:
    if state.name not in step.loss_gradient(model):
        return sp.ZeroMatrix(state.rows, state.columns)
    return build.transpose(symbols.immediate(symbols.loss(model), state.at()))


def _first_big(tree: Tree) -> BigOperator:
    assert isinstance(tree, Row) and isinstance(tree.items[0], BigOperator)
    return tree.items[0]


def substituted(graph: UnrolledGraph, voice: Voice, wrt: tuple[Variable, ...], lines: Lines, limit: int) -> list[Step]:
    """The steps of the second depth; `lines` lays the terms out, up to T = `limit` they are all shown."""
    if len(graph.model.states) > 1:
        return _blocks(graph.model, voice, wrt)
    return _one_state(graph, voice, wrt, lines, limit)
