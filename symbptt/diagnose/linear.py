"""Expressions that are linear in adjoints, compiled to functions of the adjoints: the inner loop of every hypothesis.

Parts without an adjoint are numbers of the point, evaluated once for all steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import head_nodes, nodes
from symbptt.algebra.evaluate import Array, apart, on_top, together
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


@singledispatch
def _linear(node: MatrixExpr, point: Point) -> Compiled:
    raise MissingRule("rule for an adjoint inside", node, "symbptt/diagnose/linear.py")


@_linear.register
def _leaf(node: Adjoint, point: Point) -> Compiled:
    name = node.primal.name
    zero = np.zeros((1, 1, point.values.size(node.rows), point.values.size(node.cols)))
    if node.step == TIME:
        return lambda frame: frame.now.get(name, zero)
    return lambda frame: frame.later.get(name, zero)


@_linear.register
def _product(node: sp.MatMul, point: Point) -> Compiled:
    number, parts = 1.0, []
    for a in node.args:
        if getattr(a, "is_Matrix", False):
            parts.append(compiled(a, point))
        else:
            number *= point.values.number(a)

    def value(frame: Frame) -> Array:
        product = parts[0](frame)
        for part in parts[1:]:
            product = product @ part(frame)
        return product if number == 1 else number * product

    return value


@_linear.register
def _hadamard(node: sp.HadamardProduct, point: Point) -> Compiled:
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


@_linear.register
def _sum(node: sp.MatAdd, point: Point) -> Compiled:
    parts = [compiled(a, point) for a in node.args]

    def value(frame: Frame) -> Array:
        total = parts[0](frame)
        for part in parts[1:]:
            total = total + part(frame)
        return total

    return value


@_linear.register
def _transpose(node: sp.Transpose, point: Point) -> Compiled:
    inner = compiled(node.arg, point)
    return lambda frame: inner(frame).swapaxes(-1, -2)


@_linear.register
def _sum_all(node: nodes.SumAll, point: Point) -> Compiled:
    inner = compiled(node.args[0], point)
    return lambda frame: inner(frame).sum(axis=(-1, -2), keepdims=True)


@_linear.register
def _batch_mean(node: nodes.BatchMean, point: Point) -> Compiled:
    inner = compiled(node.operand, point)

    def value(frame: Frame) -> Array:
        x = inner(frame)
        return np.broadcast_to(x.mean(axis=-3, keepdims=True), x.shape)

    return value


@_linear.register
def _spread(node: nodes.Broadcast, point: Point) -> Compiled:
    inner, size = compiled(node.args[0], point), (point.values.size(node.shape[0]), point.values.size(node.shape[1]))

    def value(frame: Frame) -> Array:
        x = inner(frame)
        return np.broadcast_to(x, (*x.shape[:-2], *size))

    return value


@_linear.register
def _concat(node: nodes.Concat, point: Point) -> Compiled:
    parts = [compiled(a, point) for a in node.args]
    return lambda frame: on_top([part(frame) for part in parts])


@_linear.register
def _slice(node: nodes.Slice, point: Point) -> Compiled:
    inner = compiled(node.args[0], point)
    start, stop = point.values.size(node.args[1]), point.values.size(node.args[2])
    return lambda frame: inner(frame)[..., start:stop, :]


@_linear.register
def _diag(node: nodes.Diag, point: Point) -> Compiled:
    inner = compiled(node.args[0], point)

    def value(frame: Frame) -> Array:
        x = inner(frame)
        return x * np.eye(x.shape[-2])

    return value


def _parts(node: MatrixExpr, heads: int, point: Point) -> Compiled:
    """A matrix with an axis of its own for the heads."""
    inner = compiled(node, point)
    return lambda frame: apart(inner(frame), heads)


@_linear.register
def _head_product(node: head_nodes.HeadProduct, point: Point) -> Compiled:
    left, right = (_parts(part, point.values.size(node.heads), point) for part in node.args[:2])
    return lambda frame: together(left(frame) @ right(frame))


@_linear.register
def _head_transpose(node: head_nodes.HeadTranspose, point: Point) -> Compiled:
    parts = _parts(node.args[0], point.values.size(node.heads), point)
    return lambda frame: together(parts(frame).swapaxes(-1, -2))


@_linear.register
def _head_spread(node: head_nodes.HeadBroadcast, point: Point) -> Compiled:
    parts = _parts(node.args[0], point.values.size(node.heads), point)
    size = point.values.size(node.args[1]), point.values.size(node.args[2])

    def value(frame: Frame) -> Array:
        x = parts(frame)
        return together(np.broadcast_to(x, (*x.shape[:-2], *size)))

    return value


@_linear.register
def _each_head(node: head_nodes.EachHead, point: Point) -> Compiled:
    inner, count = compiled(node.args[0], point), point.values.size(node.heads)
    return lambda frame: np.concatenate([inner(frame)] * count, axis=-2)


@_linear.register
def _join_heads(node: head_nodes.JoinHeads, point: Point) -> Compiled:
    return compiled(node.args[0], point)


@_linear.register
def _sum_heads(node: head_nodes.SumHeads, point: Point) -> Compiled:
    parts = _parts(node.args[0], point.values.size(node.heads), point)
    return lambda frame: parts(frame).sum(axis=-3)
