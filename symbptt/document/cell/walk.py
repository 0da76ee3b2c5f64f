"""The backward walk over the operations of a step: what arrives at each node, and what it passes on, by its local rule."""

from dataclasses import dataclass

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import linear, tidy
from symbptt.algebra.linear import LinearMap
from symbptt.algebra.related import Adjoint
from symbptt.derive.rules import local, pull
from symbptt.document.cell.operations import Operation, operands, operations
from symbptt.model.values import Model, Role


@dataclass(frozen=True)
class Pass:
    """What a node passes on to one operand: the local rule, and what arrives times its factor. `to` is a node or None."""

    operand: MatrixExpr
    rule: LinearMap
    value: MatrixExpr
    to: int | None


@dataclass(frozen=True)
class Visit:
    """A node on the way back: its number in the walk, what arrives, and what it passes on."""

    node: int
    arrives: MatrixExpr
    passes: tuple[Pass, ...]


def walk(model: Model) -> tuple[Visit, ...]:
    """Every operation of a step that the loss or a later step depends on, the last one first."""
    nodes = operations(model)
    arriving: dict[int, list[MatrixExpr]] = {}
    made: list[Visit] = []
    for n in range(len(nodes) - 1, -1, -1):
        node = nodes[n]
        cotangent = _cotangent(node, arriving.get(n, []))
        if node.given or cotangent is None:
            continue
        passes = tuple(_passes(model, node, cotangent))
        for item in passes:
            if item.to is not None:
                arriving.setdefault(item.to, []).append(item.value)
        made.append(Visit(n, cotangent, passes))
    return tuple(made)


def _cotangent(node: Operation, arriving: list[MatrixExpr]) -> MatrixExpr | None:
    """The adjoint of the node's value: its symbol if it has a name, one for the loss, else what arrives."""
    if node.names is not None:
        if node.names.role is Role.LOSS:
            return tidy.ONE
        return Adjoint(node.names.at()) if arriving or node.names.role is Role.STATE else None
    return tidy.add(*arriving) if arriving else None


def _passes(model: Model, node: Operation, cotangent: MatrixExpr) -> list[Pass]:
    """The local rule, operand by operand; a parameter inside the node gets its part at once."""
    result = node.holds.at() if node.holds is not None else None
    reads = dict(zip(operands(model, node.value), node.reads, strict=True))
    made: list[Pass] = []
    for operand, rule in local(node.value, result):
        value = rule.transposed().apply(cotangent)
        if operand in reads:
            made.append(Pass(operand, rule, value, reads[operand]))
            continue
        parts = [(leaf, part) for leaf, part in pull(operand, value) if model[leaf.name].role is Role.PARAMETER]
        made += [Pass(leaf, rule, part, None) for leaf, part in parts]
    return made


def right_factor(item: Pass) -> tuple[sp.Expr, MatrixExpr | None] | None:
    """(number, matrix) where a node passes on number times what arrives times the matrix, None being the identity; None for
    other rules."""
    maps = item.rule.maps if isinstance(item.rule, linear.Compose) else (item.rule,)
    numbers = [one.number for one in maps if isinstance(one, linear.Scale)]
    others = [one for one in maps if not isinstance(one, linear.Scale)]
    number = sp.Mul(*numbers)
    if not others:
        return number, None
    return (number, tidy.transpose(others[0].factor)) if len(others) == 1 and isinstance(others[0], linear.Right) else None


def factor(item: Pass) -> MatrixExpr | None:
    """The matrix or the weights that a node multiplies what arrives with; None where it is passed on as it is."""
    rule = item.rule
    if rule == linear.IDENTITY:
        return None
    if isinstance(rule, linear.Hadamard):
        return rule.weights
    matrix = rule.matrix()
    return None if matrix is None else tidy.transpose(matrix)
