"""Expressions that are linear in adjoints, compiled to functions of the adjoints: the inner loop of every hypothesis.

Parts without an adjoint are numbers of the point, evaluated once for all steps.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import head_nodes, nodes
from symbptt.algebra.evaluate import Array, number_of, operands, operation
from symbptt.algebra.nodes import TIME
from symbptt.algebra.related import Adjoint
from symbptt.diagnose.point import Point
from symbptt.errors import MissingRule


@dataclass(frozen=True)
class Frame:
    """The adjoints of the step `index` (from 0), and those of the step after it; or of all steps, with one more axis in front."""

    index: Any
    now: Mapping[str, Array]
    later: Mapping[str, Array]


Compiled = Callable[[Frame], Array]


def has_adjoint(expression: sp.Basic) -> bool:
    """Whether an expression reads an adjoint."""
    return bool(expression.atoms(Adjoint))


def compiled(expression: MatrixExpr, point: Point) -> Compiled:
    """The expression as a function of a frame; the result is (loss steps or 1, N or 1, rows, columns)."""
    found: Compiled | None = point.compiled.get(expression)
    if found is None:
        found = point.compiled[expression] = _linear(expression, point) if has_adjoint(expression) else _fixed(expression, point)
    return found


def _fixed(expression: MatrixExpr, point: Point) -> Compiled:
    value = point.constant(expression)
    return lambda frame: value[frame.index]


def _linear(node: MatrixExpr, point: Point) -> Compiled:
    rule = next((_RULES[kind] for kind in type(node).__mro__ if kind in _RULES), None)
    if rule is None:
        raise MissingRule("rule for an adjoint inside", node, "symbptt/diagnose/linear.py")
    return rule(node, point)


def _of_operands(node: MatrixExpr, point: Point) -> Compiled:
    """What an operation does to its operands, whatever is in them."""
    function, parts = operation(node, point.values), [compiled(a, point) for a in operands(node)]
    if len(parts) == 1:
        inner = parts[0]
        return lambda frame: function(inner(frame))
    return lambda frame: function(*[part(frame) for part in parts])


def _leaf(node: Adjoint, point: Point) -> Compiled:
    name = node.primal.name
    zero = np.zeros((1, 1, point.values.size(node.rows), point.values.size(node.cols)))
    if node.step == TIME:
        return lambda frame: frame.now.get(name, zero)
    return lambda frame: frame.later.get(name, zero)


def _product(node: sp.MatMul, point: Point) -> Compiled:
    """From the left: the adjoint stands behind what multiplies it."""
    number, parts = number_of(node, point.values), [compiled(a, point) for a in operands(node)]

    def value(frame: Frame) -> Array:
        product = parts[0](frame)
        for part in parts[1:]:
            product = product @ part(frame)
        return product if number == 1 else number * product

    return value


def _hadamard(node: sp.HadamardProduct, point: Point) -> Compiled:
    """What is fixed is one factor, multiplied once."""
    fixed = [a for a in node.args if not has_adjoint(a)]
    moving = [compiled(a, point) for a in node.args if has_adjoint(a)]
    factor = np.ones((point.T, 1, 1, 1, 1)) if not fixed else point.constant(
        fixed[0] if len(fixed) == 1 else sp.HadamardProduct(*fixed)
    )

    def value(frame: Frame) -> Array:
        product = factor[frame.index]
        for part in moving:
            product = product * part(frame)
        return product

    return value


_RULES: dict[type, Callable[[Any, Point], Compiled]] = {
    Adjoint: _leaf,
    sp.MatMul: _product,
    sp.HadamardProduct: _hadamard,
    **dict.fromkeys((
        sp.MatAdd, sp.Transpose, nodes.SumAll, nodes.BatchMean, nodes.Broadcast, nodes.Concat, nodes.Slice, nodes.Diag,
        head_nodes.HeadProduct, head_nodes.HeadTranspose, head_nodes.HeadBroadcast, head_nodes.EachHead, head_nodes.JoinHeads,
        head_nodes.SumHeads,
    ), _of_operands),
}
"""What is linear in its operands."""
