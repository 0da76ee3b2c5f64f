"""Pass: a matrix that a loop over the steps multiplies with, and leaves as it is, is copied once into the order of the kernel.

    for t: a_t = h_{t-1} W'          becomes          V = W';   for t: a_t = h_{t-1} V

A kernel brings its right operand into an order of its own in every call; with few rows on the left, which are the samples of one
step, that is a good part of its time. The copy pays after some steps; to a vector alone the order does not matter.
"""

from dataclasses import replace

from symbptt.program.ir import (
    SAMPLES,
    STEPS,
    Assign,
    Below,
    Buffer,
    For,
    Function,
    Kind,
    Matrix,
    Product,
    Read,
    Statement,
    Subscript,
)
from symbptt.program.walk import assignments, written_by

_WEIGHTS = (Kind.PARAMETER, Kind.STACK)
FEW = Below(((SAMPLES, 4), (STEPS, 16)))


def lay(function: Function) -> Function:
    """The function with such copies, each before the first loop that reads it."""
    copies: dict[Matrix, Assign] = {}
    body: list[Statement] = []
    for statement in function.body:
        if isinstance(statement, For):
            written = {written_by(s) for s in assignments(statement.body)}
            known = len(copies)
            statement = replace(statement, body=tuple(_laid(s, written, copies) for s in statement.body))
            body += [*copies.values()][known:]
        body.append(statement)
    return replace(function, body=tuple(body))


def _laid(statement: Statement, written: set[Buffer], copies: dict[Matrix, Assign]) -> Statement:
    """A statement of a loop that has `written` all these, with the copy that it may read."""
    if not isinstance(statement, Product) or statement.right.buffer in written or not _whole(statement.right):
        return statement
    right = statement.right
    copy = copies.setdefault(replace(right, rows=(), columns=()), _copy(right))
    at = (*map(Subscript, right.rows), *map(Subscript, right.columns))
    return replace(statement, laid=replace(right, buffer=copy.target, at=at), unless=FEW)


def _whole(matrix: Matrix) -> bool:
    """Whether it is all of a buffer of weights, read by rows or by columns."""
    ends = (*map(Subscript, matrix.rows), *map(Subscript, matrix.columns))
    single = len(matrix.rows) == len(matrix.columns) == 1 and 1 not in matrix.buffer.axes
    return single and matrix.at in (ends, ends[::-1]) and matrix.buffer.kind in _WEIGHTS


def _copy(given: Matrix) -> Assign:
    at = (*map(Subscript, given.rows), *map(Subscript, given.columns))
    name = ("laid_" if given.at == at else "turned_") + given.buffer.name
    made = Buffer(Kind.LAID, name, tuple(i.size for i in (*given.rows, *given.columns)))
    return Assign(made, at, Read(given.buffer, given.at), add=False, unless=FEW)
