"""The sum of products for a symbolic T with every factor in place."""

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import linear, tidy
from symbptt.algebra.linear import jacobian
from symbptt.algebra.nodes import BETWEEN, SOURCE, TIME, ProductOver, SumOver
from symbptt.derive import formula, step
from symbptt.derive.adjoint import initial as starts
from symbptt.model.values import Model, Role, Variable
from symbptt.narrative import symbols
from symbptt.narrative.symbols import LAST


def _factor(model: Model, name: str) -> MatrixExpr | None:
    """J_j^T, as a letter where it is no single product."""
    block, shape = step.state_jacobian(model).get((name, name)), model[name].at().shape
    matrix = jacobian(block, shape, shape) if block is not None and shape[1] == 1 else None
    if matrix is None or (formula.stacked(model) and isinstance(matrix, sp.MatAdd)):
        return None  # the letter of several states is that of all of them together
    return tidy.transpose(symbols.jacobian(model, TIME) if isinstance(matrix, sp.MatAdd) else matrix)


def written_sum(model: Model, variable: Variable) -> MatrixExpr | None:
    """The substituted sum for a symbolic T, or None where a factor is no matrix, or L_t reads the state before.

    None, too, for the values of all steps of which a loss reads the last alone.
    """
    direct = step.loss_direct(model, variable)
    sums: list[MatrixExpr] = []
    if step.loss_lag(model) or (direct is not None and variable.timed and symbols.loss_at(model) == LAST):
        return None
    if starts(model, variable):
        return _from_start(model, variable)
    reached = step.immediate(model, variable)
    if reached and len(model.states) > 1 and any(row != column for row, column in step.state_jacobian(model)):
        return None  # a product of block matrices is no product of blocks
    if direct is not None:
        sums.append(symbols.at(direct, SOURCE) if variable.timed else _summed(model, tidy.joined(direct)))
    for name, inner in reached.items():
        if name not in step.loss_gradient(model):
            continue
        cotangent = step.loss_gradient(model)[name]
        if step.state_jacobian(model).get((name, name)) != linear.IDENTITY:
            factor = _factor(model, name)
            if factor is None:
                return None
            cotangent = tidy.mul(ProductOver(symbols.at(factor, BETWEEN), BETWEEN, SOURCE + 1, TIME), cotangent)
        body = inner.replaced({TIME: SOURCE}).transposed().product(cotangent)
        # A sum of sums breaks into lines, a sum in parentheses does not.
        parts = [tidy.split_number(part) for part in (body.args if isinstance(body, sp.MatAdd) else (body,))]
        sums += [tidy.scale(number, _over_terms(model, variable, tidy.mul(*part))) for number, part in parts]
    return tidy.add(*(symbols.abbreviated(s, model) for s in sums)) if sums else None


def _from_start(model: Model, variable: Variable) -> MatrixExpr | None:
    """The sum for the initial value of the only state: the whole chain, from step 1 on, for every loss."""
    name = model.states[0].name
    factor, gradient = _factor(model, name), step.loss_gradient(model).get(name)
    used = step.immediate(model, variable) or step.loss_direct(model, variable) is not None
    if len(model.states) > 1 or factor is None or gradient is None or used:
        return None
    chain = ProductOver(symbols.at(factor, BETWEEN), BETWEEN, 1, TIME)
    return _summed(model, symbols.abbreviated(tidy.mul(chain, gradient), model))


def _over_terms(model: Model, variable: Variable, term: MatrixExpr) -> MatrixExpr:
    """The sum over all terms (t, k), or for a variable of each step k over the t that it reaches."""
    return _summed(model, term, SOURCE) if variable.timed else _summed(model, SumOver(term, SOURCE, 1, TIME))


def _summed(model: Model, body: MatrixExpr, first: sp.Expr | int = 1) -> MatrixExpr:
    assert model.loss is not None
    return body.xreplace({TIME: LAST}) if model.loss.at == "last" else SumOver(body, TIME, first, LAST)


def head(model: Model, variable: Variable) -> MatrixExpr:
    """dL/d theta, opaque; by the value of step k where there is one per step."""
    by = variable.at(0) if variable.role is Role.STATE else variable.at(SOURCE)
    return symbols.total(symbols.loss(model, None), by)
