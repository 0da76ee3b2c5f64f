"""Pass: what nobody reads, neither the function nor its caller, is not computed."""

from __future__ import annotations

from dataclasses import replace

from symbptt.program.ir import RETURNED, Assign, Buffer, For, Function, Statement
from symbptt.program.walk import assignments, read_by


def live(function: Function) -> Function:
    """The function without the assignments that serve nothing."""
    needed: set[Buffer] = set(function.keeps)
    grew = True
    while grew:
        wanted = [s for s in assignments(function.body) if isinstance(s, Assign) and _serves(s, needed)]
        found = {r.buffer for s in wanted for r in read_by(s)} - needed
        needed |= found
        grew = bool(found)
    return replace(function, body=tuple(_kept(s, needed) for s in function.body if _serves(s, needed)))


def _serves(statement: Statement, needed: set[Buffer]) -> bool:
    return not isinstance(statement, Assign) or statement.target.kind in RETURNED or statement.target in needed


def _kept(statement: Statement, needed: set[Buffer]) -> Statement:
    if not isinstance(statement, For):
        return statement
    return replace(statement, body=tuple(_kept(s, needed) for s in statement.body if _serves(s, needed)))
