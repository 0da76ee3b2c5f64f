"""Mistakes of memory: values that a later step has overwritten, and initial states taken for zero."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.nodes import TIME, Timed
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.mutant import Mutant, swapped
from symbptt.diagnose.point import LAST, LATE, UNSET, Point, displaced
from symbptt.diagnose.routes import Backward, Route
from symbptt.model.values import Role, Variable


def mutants(program: Backward, point: Point) -> Iterator[Mutant]:
    """Buffers that hold the last step's value, and initial states of zero."""
    if point.T > 1:
        for variable in program.model.of(Role.STATE, Role.LOCAL, Role.INPUT):
            yield from _overwritten(program, variable)
    states = program.model.states
    started = [s for s in states if s.name in point.started]
    for group in (*((s,) for s in started), *([started] if len(started) > 1 else [])):
        causes = tuple(_unset(s, "in the backward pass") for s in group)
        rules: dict[MatrixExpr, MatrixExpr] = {s.at(TIME - 1): displaced(UNSET, s.at(TIME - 1)) for s in group}
        yield Mutant(causes, swapped(program.routes, rules))
        yield Mutant(tuple(_unset(s, "in the forward pass") for s in group), unset=frozenset(s.name for s in group))


def _unset(state: Variable, place: str) -> Cause:
    return Cause("initial-state-ignored", state.name, state.name, 0, (("state", f"{state.name}₀"), ("place", place)))


def _overwritten(program: Backward, variable: Variable) -> Iterator[Mutant]:
    symbols = [variable.at(), *([variable.at(TIME - 1)] if variable.role is Role.STATE else [])]
    for prefix in (LATE, LAST) if variable.role is Role.STATE else (LAST,):
        rules: dict[MatrixExpr, MatrixExpr] = {s: displaced(prefix, s) for s in symbols}
        for kind, routes in (("every", program.routes), ("leaf", [r for r in program.routes if r.is_leaf])):
            read = [r for r in routes if r.value.atoms(Timed) & set(symbols)]
            if read:
                yield _mutant(program, variable, read, rules, kind)


def _mutant(
    program: Backward, variable: Variable, routes: Sequence[Route], rules: dict[MatrixExpr, MatrixExpr], kind: str
) -> Mutant:
    name = words.value(variable, program.model)
    where = "in the gradients" if kind == "leaf" else "in the backward pass"
    what = f"{name} {where} is the value of the last step at every step: one buffer was overwritten"
    fix = "Store a copy for every step (a list of arrays that are written in place holds one array)."
    state = variable.name if variable.role is Role.STATE else None
    cause = Cause("stale-buffer", state, variable.name, 0, (("what", what), ("fix", fix)))
    return Mutant((cause,), swapped(routes, rules))
