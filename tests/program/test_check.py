"""The checker accepts every program between any two passes, and objects to programs with one fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sympy as sp

from symbptt.model import read
from symbptt.passes import PASSES
from symbptt.passes.settling import settle
from symbptt.program import build
from symbptt.program.builder import TANGENTS, WHOLE
from symbptt.program.check import Malformed, check
from symbptt.program.ir import Assign, For, Function, Group, Kind, Matrix, Num, Product, Statement, Subscript, fixed

FOLDERS = ("kinds", "heads")
KINDS = sorted(str(p) for folder in FOLDERS for p in (Path(__file__).parents[1] / folder).glob("*.toml"))


@pytest.mark.sampled(24)
@pytest.mark.parametrize("name", [*read.names(), *KINDS], ids=lambda name: Path(name).stem)
def test_every_program_holds_after_every_pass(name: str) -> None:
    model = read.load(name)
    for function in build(model, model.with_gradient, (*WHOLE, *TANGENTS)).functions:
        made, settled = check(function, settled=False), False
        for item in PASSES:
            settled = settled or item is settle
            made = check(item(made), settled=settled)


def function(name: str = "value_and_grad") -> Function:
    model = read.load("elman")
    made = next(f for f in build(model, model.with_gradient).functions if f.name == name)
    for item in PASSES:
        made = item(made)
    return made


def changed(body: tuple[Statement, ...], change: Callable[[Statement], Statement | None]) -> tuple[Statement, ...]:
    """Statements, those in loops and groups too, as `change` makes them; None takes one away."""
    made: list[Statement] = []
    for s in body:
        if isinstance(s, For):
            s = replace(s, body=changed(s.body, change))
        elif isinstance(s, Group):
            inner = changed(s.assignments, change)
            s = replace(s, assignments=tuple(a for a in inner if isinstance(a, Assign)))
        result = change(s)
        made += [] if result is None else [result]
    return tuple(made)


def without(kind: Kind, name: str) -> Callable[[Statement], Statement | None]:
    def change(s: Statement) -> Statement | None:
        target = s.target if isinstance(s, Assign) else s.target.buffer if isinstance(s, Product) else None
        return None if target is not None and (target.kind, target.name) == (kind, name) else s

    return change


def later(s: Statement) -> Statement:
    return replace(s, at=(s.at[0].shifted(sp.S.One), *s.at[1:])) if isinstance(s, Assign) and s.target.name == "h" else s


def shorter(s: Statement) -> Statement:
    return replace(s, at=s.at[1:]) if isinstance(s, Assign) and s.target.name == "o" else s


def misfit(s: Statement) -> Statement:
    if not isinstance(s, Product) or s.target.buffer.name != "o":
        return s
    return replace(s, right=Matrix(s.right.buffer, s.right.at, s.right.columns, s.right.rows))


def to_given(s: Statement) -> Statement:
    if isinstance(s, Product) and s.right.buffer.kind is Kind.PARAMETER:
        i, j = (Subscript(index) for index in (*s.right.rows, *s.right.columns))
        return Assign(s.right.buffer, (fixed(0), fixed(0)), Num(sp.S.Zero), over=tuple(x.index for x in (i, j) if x.index))
    return s


@pytest.mark.parametrize(("change", "message"), [
    (without(Kind.VALUE, "o"), "value o is read before it is written"),
    (without(Kind.GRADIENT, "W_ho"), "gradient W_ho is returned and never written"),
    (later, r"h has T:steps \+ 1 entries along an axis"),
    (shorter, "axes and"),
    (misfit, "do not fit"),
    (to_given, "is given, and written to"),
])
def test_a_fault_is_found(change: Callable[[Statement], Statement | None], message: str) -> None:
    right = function()
    with pytest.raises(Malformed, match=message):
        check(replace(right, body=changed(right.body, change)))
