"""Mistakes of memory: values of one step, or of one sample, in the place of all, and initial states taken for zero."""

from collections.abc import Iterator, Sequence

from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.nodes import TIME, Timed
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.displaced import Displacement, Late, Reversed, Unset, at, sample
from symbptt.diagnose.mutant import Mutant, swapped
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass, Route
from symbptt.model.values import Role, Variable

_COPY = "Store a copy for every step (a list of arrays that are written in place holds one array)."
_INDEX = "Use the value of the step that the loop is at."
_LONGEST = 12
"""Up to this many steps the value of every one is tried, else of the first and the last only."""


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """Values of one step or one sample at all of them, values in reverse order, and initial states of zero."""
    for variable in backward.model.of(Role.STATE, Role.LOCAL, Role.INPUT) if point.T > 1 else ():
        if variable.classes:
            continue
        symbols = [variable.at(), *([variable.at(TIME - 1)] if variable.role is Role.STATE else [])]
        for place, routes in _groups(backward, symbols):
            for displaced, what, fix in _wrongs(variable, point, len(routes) == 1):
                yield _mutant(backward, variable, routes, symbols, displaced, f"{place} {what}", fix)
    states = backward.model.states
    started = [s for s in states if s.name in point.started]
    for group in (*((s,) for s in started), *([started] if len(started) > 1 else [])):
        causes = tuple(_unset(s, "in the backward pass") for s in group)
        rules: dict[MatrixExpr, MatrixExpr] = {s.at(TIME - 1): Unset(s.at(TIME - 1)) for s in group}
        yield Mutant(causes, swapped(backward.routes, rules))
        yield Mutant(tuple(_unset(s, "in the forward pass") for s in group), unset=frozenset(s.name for s in group))


def _unset(state: Variable, place: str) -> Cause:
    return Cause("initial-state-ignored", state.name, state.name, 0, (("state", f"{state.name}₀"), ("place", place)))


def _groups(backward: BackwardPass, symbols: Sequence[Timed]) -> Iterator[tuple[str, list[Route]]]:
    """The routes that read a value: all of them, those of the gradients, and each alone."""
    read = [r for r in backward.routes if not r.reads.isdisjoint(symbols)]
    leaves = [r for r in read if r.is_leaf]
    if read:
        yield "in the backward pass", read
    if leaves and len(leaves) < len(read):
        yield "in the gradients", leaves
    for route in read if len(read) > 1 else ():
        yield f"in {words.place(route, backward.model)}", [route]


def _wrongs(variable: Variable, point: Point, alone: bool) -> Iterator[tuple[Displacement, str, str]]:
    """What makes the symbol of a wrong value, how it is said, and what to do. A zero `alone` in a summand is a missing one."""
    is_state = variable.role is Role.STATE
    steps = range(0 if is_state else 1, point.T + 1) if point.T <= _LONGEST else (1, point.T)
    lost = "is the value of the last step at every step: one buffer was overwritten"
    if is_state:
        yield Late, lost, _COPY
    # Of a mask that is one in a whole step the value of this step says no more than that it is missing.
    values = point.constant(variable.at())
    telling = [s for s in steps if s == 0 or not (values[s - 1] == 1).all()]
    if alone:
        telling = [s for s in telling if (values[s - 1].any() if s else variable.name in point.started)]
    if point.T in telling:
        yield at(point.T), lost, _COPY
    for step in telling:
        name = "the first step" if step == 1 else "the initial state" if step == 0 else f"step {step}"
        if step < point.T:
            yield at(step), f"is the value of {name} at every step: its index does not move", _INDEX
    yield Reversed, "comes in reverse order: at step t it is that of step T + 1 − t", _INDEX
    for index in dict.fromkeys((0, point.N - 1)) if point.N > 1 else ():
        name = "the first" if index == 0 else "the last"
        yield sample(index), f"is the value of {name} sample for every sample", "Keep the values of every sample."


def _mutant(
    backward: BackwardPass, variable: Variable, routes: Sequence[Route], symbols: Sequence[Timed],
    displaced: Displacement, what: str,
    fix: str,
) -> Mutant:
    rules: dict[MatrixExpr, MatrixExpr] = {s: displaced(s) for s in symbols}
    state = variable.name if variable.role is Role.STATE else None
    shown = (("what", f"{words.value(variable, backward.model)} {what}"), ("fix", fix))
    number, carry = (routes[0].number, routes[0].lagged) if len(routes) == 1 else (0, False)
    return Mutant((Cause("stale-buffer", state, variable.name, number, shown, carry),), swapped(routes, rules))
