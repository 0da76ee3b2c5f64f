"""The program of a part in the backward direction in the order of the steps: its own step t is T - 1 - t.

An axis of steps with R rows has row r at R - 1 - r. A loop over the steps runs the other way; where it counts S of them,
index + by becomes index + R - S - by.
"""

from dataclasses import replace

import sympy as sp

from symbptt.errors import MissingRule
from symbptt.program.ir import (
    STEPS,
    Assign,
    AtMost,
    Buffer,
    Delta,
    Expr,
    For,
    Function,
    Group,
    Index,
    Matrix,
    Product,
    Read,
    Statement,
    Subscript,
    Within,
)
from symbptt.program.walk import mapped


def mirrored(function: Function) -> Function:
    """A function in the order of the steps of the model."""
    return replace(function, body=tuple(map(_statement, function.body)))


def _statement(statement: Statement) -> Statement:
    match statement:
        case For(index, body, reverse, start):
            if not index.size.has(STEPS):
                return replace(statement, body=tuple(map(_statement, body)))
            if start != 0:
                raise MissingRule("program in reversed time", statement, "symbptt/compose/mirrored_program.py")
            return replace(statement, body=tuple(map(_statement, body)), reverse=not reverse)
        case Group(_, assignments):
            return replace(statement, assignments=tuple(map(_assignment, assignments)))
        case Product(target, left, right):
            return replace(statement, target=_matrix(target), left=_matrix(left), right=_matrix(right))
    return _assignment(statement)


def _assignment(s: Assign) -> Assign:
    return replace(s, at=_entry(s.target, s.at), value=mapped(s.value, _expression))


def _matrix(matrix: Matrix) -> Matrix:
    return replace(matrix, at=_entry(matrix.buffer, matrix.at))


def _entry(buffer: Buffer, at: tuple[Subscript, ...]) -> tuple[Subscript, ...]:
    return tuple(_subscript(s, size) if size.has(STEPS) else s for s, size in zip(at, buffer.axes, strict=True))


def _subscript(s: Subscript, rows: sp.Expr) -> Subscript:
    return replace(s, by=rows - _length(s.index) - s.by)


def _length(index: Index | None) -> sp.Expr:
    return sp.S.One if index is None else index.size


def _expression(node: Expr) -> Expr:
    match node:
        case Read(buffer, at):
            return replace(node, at=_entry(buffer, at))
        case Delta(left, right) if _timed(left, right):
            return Delta(_subscript(left, STEPS), _subscript(right, STEPS))
        case AtMost(left, right) if _timed(left, right):
            return AtMost(_subscript(right, STEPS), _subscript(left, STEPS))
        case Within(at, start, stop, body) if _timed(at):
            return Within(_subscript(at, STEPS), STEPS - stop, STEPS - start, body)
    return node


def _timed(*subscripts: Subscript) -> bool:
    return any(s.index is not None and s.index.size.has(STEPS) for s in subscripts)
