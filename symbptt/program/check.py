"""What every program must hold, in the style of LLVM's verifier: passes run between two checks in the tests.

Every read has a write before it; subscripts are as many as axes, and stay inside them for every size; nobody writes to what is
given; a loop variable stands only in its loop.
"""

from collections.abc import Iterable

import sympy as sp

from symbptt.errors import SymbpttError
from symbptt.model.shapes import at_least
from symbptt.program.ir import (
    GIVEN,
    Assign,
    Buffer,
    Expr,
    For,
    Function,
    Group,
    Index,
    InverseUnitLower,
    Matrix,
    Product,
    Read,
    Reduce,
    Statement,
    Subscript,
    Within,
)
from symbptt.program.lower import STEP
from symbptt.program.walk import parts, read_by, subscripts, substituted


class Malformed(SymbpttError):
    """A program that means nothing; the message says where."""


def check(function: Function, *, settled: bool = True) -> Function:
    """The function itself; raises Malformed. Before it is `settled` which statement assigns, order is not looked at."""
    known = set(function.keeps) if function.name == "backward" else set()
    _body(function, function.body, (), known if settled else None)
    if settled and (missing := [b for b in function.gives if b not in known]):
        raise _fault(function, missing[0], "is returned and never written")
    return function


def _fault(function: Function, buffer: Buffer, what: str) -> Malformed:
    return Malformed(f"{function.name}: {buffer.kind} {buffer.name} {what}")


def _body(function: Function, body: Iterable[Statement], loops: tuple[Index, ...], known: set[Buffer] | None) -> None:
    for statement in body:
        match statement:
            case For(index, inner):
                # What a step writes the next one reads: one reading of the loop counts everything that it writes as known.
                if known is not None:
                    known |= {b for s in inner for b in _written(s)}
                _body(function, inner, (*loops, index), known)
            case Group(indices, inner):
                for s in inner:
                    _assign(function, s, (*loops, *indices), known)
            case Assign():
                own = tuple(index for s in statement.at for index in s.indices)
                _assign(function, statement, (*loops, *statement.over, *own), known)
            case Product(target, left, right, _, add):
                counted = (*loops, *statement.batch, *target.rows, *target.columns, *left.columns)
                _entry(function, target.buffer, target.at, counted)
                for read in read_by(statement):
                    _entry(function, read.buffer, read.at, counted)
                _known(function, (*(r.buffer for r in read_by(statement)), *((target.buffer,) if add else ())), known)
                for operand in (right, statement.laid or right):
                    _same(function, target, left, operand)
                _write(function, target.buffer, known)


def _written(statement: Statement) -> list[Buffer]:
    match statement:
        case Group(_, inner) | For(_, inner):
            return [b for s in inner for b in _written(s)]
        case Product(target):
            return [target.buffer]
    return [statement.target] if isinstance(statement, Assign) else []


def _assign(function: Function, s: Assign, counted: tuple[Index, ...], known: set[Buffer] | None) -> None:
    counted = (*counted, STEP) if known is None else counted
    _entry(function, s.target, s.at, counted)
    _expression(function, s.value, counted)
    _known(function, (*(r.buffer for r in read_by(s)), *((s.target,) if s.add else ())), known)
    _write(function, s.target, known)


def _write(function: Function, buffer: Buffer, known: set[Buffer] | None) -> None:
    if buffer.kind in GIVEN:
        raise _fault(function, buffer, "is given, and written to")
    if known is not None:
        known.add(buffer)


def _known(function: Function, buffers: Iterable[Buffer], known: set[Buffer] | None) -> None:
    for buffer in buffers:
        if known is not None and buffer.kind not in GIVEN and buffer not in known:
            raise _fault(function, buffer, "is read before it is written")


def _entry(function: Function, buffer: Buffer, at: tuple[Subscript, ...], counted: tuple[Index, ...]) -> None:
    if len(at) != len(buffer.axes):
        raise _fault(function, buffer, f"has {len(buffer.axes)} axes and {len(at)} subscripts")
    for subscript, size in zip(at, buffer.axes, strict=True):
        for index in subscript.indices:
            if index not in counted:
                raise _fault(function, buffer, f"is looked up at {index.name} outside of its loop")
        last = subscript.by + (subscript.index.size if subscript.index is not None else sp.S.One)
        last += (subscript.head.size - 1) * subscript.block if subscript.head is not None else 0
        if not (at_least(subscript.by, 0) and at_least(sp.expand(size - last), 0)):
            raise _fault(function, buffer, f"has {size} entries along an axis, and is looked up below {last}")


def _expression(function: Function, node: Expr, counted: tuple[Index, ...]) -> None:
    for subscript in subscripts(node):
        for index in subscript.indices:
            if index not in counted:
                raise Malformed(f"{function.name}: {index.name} stands outside of its loop")
    match node:
        case Read(buffer, at):
            _entry(function, buffer, at, counted)
        case Reduce(_, over, body):
            _expression(function, body, (*counted, over))
        case InverseUnitLower(_, rows, columns, body):
            _expression(function, body, (*counted, rows, columns))
        case Within(at, start, stop, body):
            # Inside, the subscript lies between the two: it counts from start.
            if at.index is not None:
                piece = Index(at.index.name, stop - start)
                body = substituted(body, {at.index: Subscript(piece, start - at.by)})
                counted = (*counted, piece)
            _expression(function, body, counted)
        case _:
            for part in parts(node):
                _expression(function, part, counted)


def _same(function: Function, target: Matrix, left: Matrix, right: Matrix) -> None:
    sizes = [
        (sp.Mul(*(i.size for i in one)), sp.Mul(*(i.size for i in other)))
        for one, other in ((target.rows, left.rows), (target.columns, right.columns), (left.columns, right.rows))
    ]
    if any(sp.expand(a - b) != 0 for a, b in sizes):
        raise _fault(function, target.buffer, "is a product of matrices that do not fit")
