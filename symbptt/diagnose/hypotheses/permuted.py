"""Mistakes in the order of gates: gradients, carries or adjoints of several gates exchanged."""

from collections.abc import Iterator
from itertools import combinations, permutations

import sympy as sp

from symbptt.algebra.related import Adjoint
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.mutant import Mutant, swapped
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass, Route
from symbptt.model.values import Role, Variable

MAX_GATES = 4
"""Beyond this many gates only exchanges of two are tried."""


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """Every other order of the gates, in gradients, in carries and in both."""
    for gates in _alike(backward):
        readers = [r for r in backward.routes if r.through in gates and not r.external]
        leaves = [r for r in readers if r.is_leaf and r.target.role is Role.PARAMETER]
        groups = (
            (leaves, "in the gradients of their parameters"),
            *((kind, f"in {', '.join(f'd{r.target.name}' for r in kind)}") for kind in _kinds(leaves, gates)),
            ([r for r in readers if not r.is_leaf or r.target.role is Role.INPUT], "in what flows back from them"),
            ([r for r in readers if r.is_leaf or r.lagged], "in the gradients and in what flows back to the step before"),
            (readers, "throughout the backward pass"),
        )
        distinct = {tuple(r.place for r in routes): (routes, place) for routes, place in reversed(groups) if routes}
        for order in _orders(gates):
            for routes, place in reversed(distinct.values()):
                yield _mutant(backward, gates, order, routes, place)


def _alike(backward: BackwardPass) -> list[tuple[Variable, ...]]:
    """Values of one shape through which parameters of the same shapes are reached."""
    found: dict[tuple[object, ...], list[Variable]] = {}
    for v in backward.order:
        shapes = tuple(sorted(str(r.target.at().shape) for r in backward.routes if r.through == v and r.is_leaf))
        if v.role is Role.LOCAL and shapes:
            found.setdefault((v.at().shape, shapes), []).append(v)
    return [tuple(group) for group in found.values() if len(group) > 1]


def _kinds(leaves: list[Route], gates: tuple[Variable, ...]) -> list[list[Route]]:
    """The gradients that differ in nothing but the gate: those of the recurrent weights, of the biases, and so on."""
    found: dict[sp.Basic, list[Route]] = {}
    same = {Adjoint(g.at()): Adjoint(gates[0].at()) for g in gates}
    for route in leaves:
        found.setdefault(route.value.xreplace(same), []).append(route)
    return [kind for kind in found.values() if len(kind) == len(gates) < len(leaves)]


def _orders(gates: tuple[Variable, ...]) -> Iterator[tuple[Variable, ...]]:
    if len(gates) <= MAX_GATES:
        yield from (order for order in permutations(gates) if order != gates)
        return
    for a, b in combinations(gates, 2):
        yield tuple(b if g == a else a if g == b else g for g in gates)


def _mutant(
    backward: BackwardPass, gates: tuple[Variable, ...], order: tuple[Variable, ...], routes: list[Route], place: str
) -> Mutant:
    rules: dict[sp.Basic, sp.Basic] = {
        Adjoint(a.at()): Adjoint(b.at()) for a, b in zip(gates, order, strict=True) if a != b
    }
    moved = [(a, b) for a, b in zip(order, gates, strict=True) if a != b]
    wrong, right = (", ".join(words.value(g, backward.model) for g in group) for group in zip(*moved, strict=True))
    shown = next((r for r in routes if r.target.role is Role.PARAMETER and r.through in order), routes[0])
    cause = Cause("gates-permuted", None, "", shown.number, (("place", place), ("wrong", f"{wrong} for {right}")))
    return Mutant((cause,), swapped(routes, rules))
