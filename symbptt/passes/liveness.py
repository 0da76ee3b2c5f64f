"""Pass: what is zero adds nothing, and what nobody reads, neither the function nor its caller, is not computed.

An adjoint to which nothing contributes is zero, and so is every contribution that has it as a factor.
"""

from collections.abc import Callable
from dataclasses import replace

import sympy as sp

from symbptt.program.ir import (
    GIVEN,
    RETURNED,
    Add,
    Assign,
    Buffer,
    Delta,
    Expr,
    For,
    Function,
    InverseUnitLower,
    Mul,
    Num,
    Read,
    Reduce,
    Statement,
)
from symbptt.program.walk import assignments, mapped, plus, read_by, times

_ZERO = Num(sp.S.Zero)


def live(function: Function) -> Function:
    """The function without the assignments that serve nothing."""
    made = _without_zeros(function)
    needed: set[Buffer] = set(made.keeps)
    grew = True
    while grew:
        found = {r.buffer for s in assignments(made.body) if _serves(s, needed) for r in read_by(s)} - needed
        needed |= found
        grew = bool(found)
    return replace(made, body=_kept(made.body, lambda s: s if _serves(s, needed) else None))


def _serves(statement: Statement, needed: set[Buffer]) -> bool:
    return not isinstance(statement, Assign) or statement.target.kind in RETURNED or statement.target in needed


def _without_zeros(function: Function) -> Function:
    """The function without contributions of buffers that nobody writes."""
    while True:
        written = {s.target for s in assignments(function.body) if isinstance(s, Assign)} | set(function.keeps)
        read = {r.buffer for s in assignments(function.body) for r in read_by(s)}
        zero = {b for b in read - written if b.kind not in GIVEN}
        if not zero:
            return function
        function = replace(function, body=_kept(function.body, lambda s, zero=zero: _reduced(s, zero)))  # type: ignore[misc]


def _reduced(statement: Assign, zero: set[Buffer]) -> Assign | None:
    value = mapped(statement.value, lambda node: _simplified(node, zero))
    return None if value == _ZERO else replace(statement, value=value)


def _simplified(node: Expr, zero: set[Buffer]) -> Expr:
    match node:
        case Read(buffer, _) if buffer in zero:
            return _ZERO
        case Mul(args):
            return times(*args)
        case Add(args):
            return plus(*args)
        case Reduce("sum", _, body) if body == _ZERO:
            return _ZERO
        case InverseUnitLower((row, column), _, _, body) if body == _ZERO:
            return Delta(row, column)
    return node


def _kept(body: tuple[Statement, ...], change: Callable[[Assign], Assign | None]) -> tuple[Statement, ...]:
    made: list[Statement] = []
    for s in body:
        if isinstance(s, For):
            made.append(replace(s, body=_kept(s.body, change)))
        elif isinstance(s, Assign):
            result = change(s)
            made += [] if result is None else [result]
        else:
            made.append(s)
    return tuple(made)
