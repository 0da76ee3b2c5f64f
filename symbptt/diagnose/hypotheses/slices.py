"""Mistakes of assignment into a part of an array, = for +=: some rows of an adjoint, or some columns of a gradient."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import sympy as sp
from sympy.matrices.expressions.special import OneMatrix, ZeroMatrix

from symbptt.algebra import tidy
from symbptt.algebra.evaluate import Array
from symbptt.algebra.nodes import Concat
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.displaced import Written
from symbptt.diagnose.interpret import Terms
from symbptt.diagnose.mutant import Filter, Mutant, swapped, valued
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass, Route
from symbptt.model.values import Role, Variable


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """Rows that one summand overwrites, and columns of a gradient that belong to one class of an input."""
    for variable in backward.order:
        routes = [*backward.into(variable.name), *backward.into(variable.name, lagged=True)]
        for route in backward.into(variable.name):
            others = [r for r in routes if r is not route]
            if isinstance(route.value, Concat) and others:
                yield from _rows(backward, variable, route, others)
    for route in backward.routes:
        yield from _classes(backward, point, route)


def _rows(backward: BackwardPass, variable: Variable, route: Route, others: Sequence[Route]) -> Iterator[Mutant]:
    """A summand with zeros around it, written into its rows over what was there."""
    shape = variable.at().shape
    kept = Concat(*(OneMatrix(*p.shape) if isinstance(p, ZeroMatrix) else ZeroMatrix(*p.shape) for p in route.value.args))
    carried = [r for r in others if r.lagged]
    inside = [r for r in others if not r.lagged]
    for gone in dict.fromkeys(map(tuple, (others, carried, inside))):
        if gone and kept.shape == shape:
            own, name = words.text(route.value, backward.model), words.value(variable, backward.model)
            shown = (("what", f"in the rows of {own} the adjoint of {name}"), ("left", f"there {own} alone"))
            state = variable.name if variable.role is Role.STATE else None
            cause = Cause("overwritten", state, variable.name, route.number, shown)
            yield Mutant((cause,), valued(gone, lambda v: tidy.hadamard(kept, v)))


def _classes(backward: BackwardPass, point: Point, route: Route) -> Iterator[Mutant]:
    """The columns of a gradient δ xᵀ, or the rows of x δᵀ, for one-hot x: one step or sample overwrites another of its class."""
    read, axis = _read(backward, route)
    x = _one_hot(point, route, read, axis)
    if x is None:
        return
    name, part = route.target.name, ("row", "column")[axis]

    def cause(where: str, left: str) -> Cause:
        what = f"a {part} of d{name}, the one of the class of {words.value(read, backward.model)},{where}"
        return Cause("overwritten", None, name, route.number, (("what", what), ("left", f"the part {left}")))

    if len(backward.into(name)) == 1:
        last = x * (x[:, ::-1].cumsum(axis=1)[:, ::-1] == x)
        before = x.any(axis=1).cumsum(axis=0) - x.any(axis=1)
        first = cause("", "of the first step that has its class")
        yield Mutant((first,), keep=_part(name, last * (before == 0)[:, None], axis))
    # A gradient with other summands, as of an embedding that is tied with the read-out, keeps those.
    written = swapped([route], {read.at(): Written(read.at())})
    left = "of the last sample that has its class (a[i] += b adds once where an index comes twice; np.add.at adds each time)"
    yield Mutant((cause(" within a step", left),), written)


def _read(backward: BackwardPass, route: Route) -> tuple[Variable, int]:
    """The input that a gradient is an outer product with, and the axis of the gradient that it stands for."""
    _, factors = tidy.split_number(route.value)
    for axis, factor in ((1, factors[-1]), (0, factors[0])):
        bare = factor.arg if isinstance(factor, sp.Transpose) else factor
        for variable in backward.model.of(Role.INPUT):
            if variable.at() == bare:
                return variable, axis
    return route.target, 1


def _one_hot(point: Point, route: Route, read: Variable, axis: int) -> Array | None:
    """The columns (T, N, classes) of an input, if they are one-hot."""
    if route.external or route.target.role is not Role.PARAMETER or read.role is not Role.INPUT or len(read.shape) != 1:
        return None
    x = np.broadcast_to(point.constant(read.at())[:, 0, :, :, 0], (point.T, point.N, point.size(read)[0]))
    one_hot = np.isin(x, (0.0, 1.0)).all() and (x.sum(axis=-1) == 1).all() and x.shape[-1] > 1
    return x if one_hot and point.size(route.target)[axis] == x.shape[-1] else None


def _part(name: str, kept: Array, axis: int) -> Filter:
    """Keep what a step and sample contribute to these rows (axis 0) or columns of a gradient."""
    kept = np.expand_dims(kept, (0, 3) if axis else (0, 4))

    def keep(terms: Terms) -> Terms:
        if name not in terms.arrays:
            return terms
        return replace(terms, arrays={**terms.arrays, name: terms.arrays[name] * kept})

    return keep
