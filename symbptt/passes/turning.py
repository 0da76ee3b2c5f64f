"""Pass: a matrix that a loop over the steps reads by columns, and leaves as it is, is copied once so that its rows are read.

    for t: a_t = h_{t-1} W'          becomes          V = W';   for t: a_t = h_{t-1} V

A kernel brings its right operand into an order of its own in every call; with few rows on the left, which are the samples of one
step, that is a good part of its time, and along rows it is quicker. The copy pays after some steps; to a vector alone the order
does not matter.
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
    Index,
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


def turn(function: Function) -> Function:
    """The function with such copies, each before the first loop that reads it."""
    copies: dict[Buffer, Buffer] = {}
    body: list[Statement] = []
    for statement in function.body:
        if isinstance(statement, For):
            written = {written_by(s) for s in assignments(statement.body)}
            known = len(copies)
            statement = replace(statement, body=tuple(_turned(s, written, copies) for s in statement.body))
            body += [_copy(given, made) for given, made in [*copies.items()][known:]]
        body.append(statement)
    return replace(function, body=tuple(body))


def _turned(statement: Statement, written: set[Buffer], copies: dict[Buffer, Buffer]) -> Statement:
    """A statement of a loop that has `written` all these, with the copy that it may read."""
    if not isinstance(statement, Product) or not _by_columns(statement.right):
        return statement
    if statement.right.buffer in written or statement.right.buffer.kind not in _WEIGHTS:
        return statement
    right = statement.right
    made = copies.setdefault(right.buffer, Buffer(Kind.STACK, f"turned_{right.buffer.name}", right.buffer.axes[::-1]))
    return replace(statement, turned=replace(right, buffer=made, at=right.at[::-1]), unless=FEW)


def _by_columns(matrix: Matrix) -> bool:
    """Whether it is a whole buffer, and neighbours in a row of the matrix are a row of the buffer apart."""
    whole = (*map(Subscript, matrix.columns), *map(Subscript, matrix.rows))
    return len(matrix.rows) == len(matrix.columns) == 1 and matrix.at == whole and 1 not in matrix.buffer.axes


def _copy(given: Buffer, made: Buffer) -> Assign:
    i, j = (Subscript(Index(name, size)) for name, size in zip("ij", given.axes, strict=True))
    return Assign(made, (j, i), Read(given, (i, j)), add=False, unless=FEW)
