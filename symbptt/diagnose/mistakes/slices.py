"""Mistakes of assignment into a part of an array, = for +=: some rows of an adjoint, or some columns of a gradient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import sympy as sp
from sympy.matrices.expressions.special import OneMatrix, ZeroMatrix

from symbptt.algebra import build
from symbptt.algebra.evaluate import Array
from symbptt.algebra.nodes import Concat
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.interpret import Terms
from symbptt.diagnose.mutant import Filter, Mutant, valued
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import Backward, Route
from symbptt.model.values import Role, Variable


def mutants(program: Backward, point: Point) -> Iterator[Mutant]:
    """Rows that one summand overwrites, and columns of a gradient that belong to one class of an input."""
    for variable in program.order:
        routes = [*program.into(variable.name), *program.into(variable.name, lagged=True)]
        for route in program.into(variable.name):
            others = [r for r in routes if r is not route]
            if isinstance(route.value, Concat) and others:
                yield from _rows(program, variable, route, others)
    for route in program.routes:
        yield from _classes(program, point, route)


def _rows(program: Backward, variable: Variable, route: Route, others: Sequence[Route]) -> Iterator[Mutant]:
    """A summand with zeros around it, written into its rows over what was there."""
    shape = variable.at().shape
    kept = Concat(*(OneMatrix(*p.shape) if isinstance(p, ZeroMatrix) else ZeroMatrix(*p.shape) for p in route.value.args))
    carried = [r for r in others if r.lagged]
    inside = [r for r in others if not r.lagged]
    for gone in dict.fromkeys(map(tuple, (others, carried, inside))):
        if gone and kept.shape == shape:
            own, name = words.text(route.value, program.model), words.value(variable, program.model)
            shown = (("what", f"in the rows of {own} the adjoint of {name}"), ("left", f"there {own} alone"))
            state = variable.name if variable.role is Role.STATE else None
            cause = Cause("overwritten", state, variable.name, route.number, shown)
            yield Mutant((cause,), valued(gone, lambda v: build.hadamard(kept, v)))


def _classes(program: Backward, point: Point, route: Route) -> Iterator[Mutant]:
    """The columns of a gradient δ xᵀ, for x of one-hot columns: one step or sample overwrites another of its class."""
    x = _one_hot(program, point, route)
    if x is None or len(program.into(route.target.name)) > 1:
        return
    name = route.target.name
    after = x[:, ::-1].cumsum(axis=1)[:, ::-1] - x
    last = x * (after == 0)
    before = x.any(axis=1).cumsum(axis=0) - x.any(axis=1)
    for where, kept, left in (
        ("", last * (before == 0)[:, None], "of the first step that has its class"),
        (" within a step", last, "of the last sample that has its class"),
    ):
        what = f"a column of d{name}, the one of the class of {words.value(_read(program, route), program.model)},{where}"
        cause = Cause("overwritten", None, name, route.number, (("what", what), ("left", f"the part {left}")))
        yield Mutant((cause,), keep=_columns(name, kept))


def _read(program: Backward, route: Route) -> Variable:
    _, factors = build.split_number(route.value)
    bare = factors[-1].arg if isinstance(factors[-1], sp.Transpose) else factors[-1]
    return next((v for v in program.model.of(Role.INPUT) if v.at() == bare), route.target)


def _one_hot(program: Backward, point: Point, route: Route) -> Array | None:
    """The columns (T, N, classes) that a gradient is an outer product with, if they are one-hot."""
    read = _read(program, route)
    if route.external or route.target.role is not Role.PARAMETER or read.role is not Role.INPUT or len(read.shape) != 1:
        return None
    x = np.broadcast_to(point.constant(read.at())[:, 0, :, :, 0], (point.T, point.N, point.size(read)[0]))
    one_hot = np.isin(x, (0.0, 1.0)).all() and (x.sum(axis=-1) == 1).all() and x.shape[-1] > 1
    return x if one_hot and point.size(route.target)[1] == x.shape[-1] else None


def _columns(name: str, kept: Array) -> Filter:
    """Keep what a step and sample contribute to these columns of a gradient."""

    def keep(terms: Terms) -> Terms:
        if name not in terms.arrays:
            return terms
        return replace(terms, arrays={**terms.arrays, name: terms.arrays[name] * kept[None, :, :, None, :]})

    return keep
