"""How a mistake changes the right side of an equation of the backward recursion: which node becomes which other one."""

from collections.abc import Callable, Iterator

import sympy as sp
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME, Elementwise, Slope, SlopeByResult, SumOver, Timed
from symbptt.algebra.related import Adjoint
from symbptt.model.values import Model

Site = tuple[MatrixExpr, MatrixExpr | None]
"""A node and what stands in its place; None for a product that cannot be written, since its shapes do not fit."""
Table = dict[MatrixExpr, MatrixExpr | None]
"""Several sites of one formula."""
Edit = Callable[[Model, MatrixExpr], Iterator[Site]]
"""Where a mistake can be made in a right side, and what is then written there."""


def one_by_one(edit: Edit, model: Model, value: MatrixExpr) -> Iterator[MatrixExpr | None]:
    """The right sides with the mistake made once; None where the shapes do not fit."""
    yield from (changed(value, {node: new}) for node, new in edit(model, value))


def changed(value: MatrixExpr, table: Table) -> MatrixExpr | None:
    """A formula with the mistake at these sites, elementwise products without their ones; None where shapes do not fit."""
    sites = {node: new for node, new in table.items() if new is not None}
    if not sites or len(sites) < len(table):
        return None if table else value
    try:
        made = tidy.replaced(value, sites)
    except ShapeError:
        return None
    return made if made is None else made.replace(sp.HadamardProduct, _without_ones)


def _without_ones(*factors: MatrixExpr) -> MatrixExpr:
    others = [f for f in factors if not isinstance(f, OneMatrix)]
    return tidy.hadamard(*others) if others else factors[0]


def _nodes(value: MatrixExpr, *kinds: type) -> list[MatrixExpr]:
    return sorted(value.atoms(*kinds), key=str)


def _summands(value: MatrixExpr) -> tuple[MatrixExpr, ...]:
    return value.args if isinstance(value, sp.MatAdd) else (value,)


def no_carry(model: Model, value: MatrixExpr) -> Iterator[Site]:
    """What comes from step t + 1 left out."""
    late = {s for s in _summands(value) if any(a.step == TIME + 1 for a in s.atoms(Adjoint))}
    kept = [s for s in _summands(value) if s not in late]
    if late:
        yield value, tidy.add(sp.ZeroMatrix(*value.shape), *kept)


def summand_missing(model: Model, value: MatrixExpr) -> Iterator[Site]:
    """A summand left out, each of several in turn."""
    parts = _summands(value)
    for i in range(len(parts) if len(parts) > 1 else 0):  # by place: a sum may have a summand twice
        yield value, tidy.add(*parts[:i], *parts[i + 1 :])


def assigned(model: Model, value: MatrixExpr) -> Iterator[Site]:
    """Assigned in place of added up: of a sum over the steps the first is left, of others one summand."""
    if isinstance(value, SumOver):
        yield value, value.args[0].xreplace({TIME: sp.S.One})
    parts = _summands(value)
    yield from ((value, part) for part in parts if len(parts) > 2)


def negated(model: Model, value: MatrixExpr) -> Iterator[Site]:
    """A summand with the other sign."""
    parts = _summands(value)
    for i, part in enumerate(parts):
        yield value, tidy.add(*parts[:i], tidy.scale(-1, part), *parts[i + 1 :])


def doubled(model: Model, value: MatrixExpr) -> Iterator[Site]:
    """A summand that enters twice."""
    parts = _summands(value)
    for i, part in enumerate(parts):
        yield value, tidy.add(*parts[:i], tidy.scale(2, part), *parts[i + 1 :])


def untransposed(model: Model, value: MatrixExpr) -> Iterator[Site]:
    """A transpose left out: X where X^T belongs, unless it is a scalar."""
    yield from ((node, node.arg) for node in _nodes(value, sp.Transpose) if node.shape != (1, 1))


def reversed_factors(model: Model, value: MatrixExpr) -> Iterator[Site]:
    """The factors of a matrix product in reverse order."""
    for node in _nodes(value, sp.MatMul):
        if len(tidy.split_number(node)[1]) > 1:
            yield node, tidy.product_as_written(*reversed(node.args))


def other_step(model: Model, value: MatrixExpr) -> Iterator[Site]:
    """A state read one step late or early."""
    states = {s.name for s in model.states}
    for leaf in _nodes(value, Timed):
        if leaf.name in states:
            yield leaf, model[leaf.name].at(leaf.step + (1 if leaf.step in (TIME - 1, 0) else -1))


def no_slope(model: Model, value: MatrixExpr) -> Iterator[Site]:
    """The derivative of an elementwise function left out of a product."""
    inside = {n for product in value.atoms(sp.HadamardProduct) for n in product.args}
    for node in _nodes(value, Slope, SlopeByResult):
        if node in inside:
            yield node, OneMatrix(*node.shape)


def other_slope(model: Model, value: MatrixExpr) -> Iterator[Site]:
    """The derivative of tanh for that of the sigmoid and the other way round, in terms of the result."""
    other = {"tanh": "sigmoid", "sigmoid": "tanh"}
    for node in _nodes(value, SlopeByResult):
        if node.name in other:
            yield node, SlopeByResult(other[node.name], node.operand)


def slope_elsewhere(model: Model, value: MatrixExpr) -> Iterator[Site]:
    """The derivative in terms of the result, written with the argument."""
    arguments = {e.target.at(): e.value.operand for e in model.all_equations if isinstance(e.value, Elementwise)}
    for node in _nodes(value, SlopeByResult):
        if node.operand in arguments:
            yield node, node.func(node.name, *node.numbers, arguments[node.operand])


def factor_missing(model: Model, value: MatrixExpr) -> Iterator[Site]:
    """A factor of an elementwise product left out that is neither a derivative nor an adjoint."""
    for node in _nodes(value, sp.HadamardProduct):
        for i, factor in enumerate(node.args):
            if len(node.args) > 1 and not isinstance(factor, (Slope, SlopeByResult, OneMatrix)) and not factor.atoms(Adjoint):
                yield node, tidy.hadamard(*node.args[:i], *node.args[i + 1 :])
