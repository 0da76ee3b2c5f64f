"""Mistakes in the order of gates: gradients, carries or adjoints of several gates exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations

import sympy as sp

from symbptt.algebra.nodes import TIME
from symbptt.derive.adjoint import NODE, symbol
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.mutant import Mutant, swapped
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import Backward, Route
from symbptt.model.values import Role, Variable

MAX_GATES = 4
"""Beyond this many gates only exchanges of two are tried."""


def mutants(program: Backward, point: Point) -> Iterator[Mutant]:
    """Every other order of the gates, in gradients, in carries and in both."""
    for gates in _alike(program):
        readers = [r for r in program.routes if r.through in gates and not r.external]
        groups = (
            ([r for r in readers if r.is_leaf and r.target.role is Role.PARAMETER], "in the gradients of their parameters"),
            ([r for r in readers if not r.is_leaf or r.target.role is Role.INPUT], "in what flows back from them"),
            (readers, "throughout the backward pass"),
        )
        for order in _orders(gates):
            for routes, place in groups:
                if routes:
                    yield _mutant(program, gates, order, routes, place)


def _alike(program: Backward) -> list[tuple[Variable, ...]]:
    """Values of one shape through which parameters of the same shapes are reached."""
    found: dict[tuple[object, ...], list[Variable]] = {}
    for v in program.order:
        shapes = tuple(sorted(str(r.target.at().shape) for r in program.routes if r.through == v and r.is_leaf))
        if v.role is Role.LOCAL and shapes:
            found.setdefault((v.at().shape, shapes), []).append(v)
    return [tuple(group) for group in found.values() if len(group) > 1]


def _orders(gates: tuple[Variable, ...]) -> Iterator[tuple[Variable, ...]]:
    if len(gates) <= MAX_GATES:
        yield from (order for order in permutations(gates) if order != gates)
        return
    for a, b in combinations(gates, 2):
        yield tuple(b if g == a else a if g == b else g for g in gates)


def _mutant(
    program: Backward, gates: tuple[Variable, ...], order: tuple[Variable, ...], routes: list[Route], place: str
) -> Mutant:
    rules: dict[sp.Basic, sp.Basic] = {
        symbol(NODE, a, TIME): symbol(NODE, b, TIME) for a, b in zip(gates, order, strict=True) if a != b
    }
    names = [", ".join(words.value(g, program.model) for g in group) for group in (order, gates)]
    cause = Cause("gates-permuted", None, "", routes[0].number, (("place", place), ("wrong", f"{names[0]} for {names[1]}")))
    return Mutant((cause,), swapped(routes, rules))
