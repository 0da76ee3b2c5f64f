"""What a block of the state Jacobian is, read off its linear map: identity, scalar, diagonal, diagonal plus low rank, dense.

A map is a sum of routes, a route a composition of factors. A route takes a state entry by entry, with a weight for each; or on
one side through a few numbers, which is a product of low rank; or it is dense. Values of the step that have an equation are
looked into: A @ s with A = eye(K) - outer(k, k) is the identity plus rank one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import linear, tidy
from symbptt.algebra.linear import LinearMap
from symbptt.algebra.nodes import Broadcast, Diag
from symbptt.derive.varying import NONE, Axes, Definitions, fills, is_one, swapped, varying


class Kind(IntEnum):
    """What a transition is, the simplest first."""

    IDENTITY = 0
    SCALAR = 1
    DIAGONAL = 2
    BLOCKS = 3
    LOW_RANK = 4
    DENSE = 5


@dataclass(frozen=True)
class Transition:
    """A transition, or one block of it.

    `axes` are those along which the weights of its diagonal vary, whose kind is `diagonal`; it is the sum over `factors` of the
    products of what stands there, numbers and matrices of the shape of the state or of a scalar. For low rank, `rank` is a bound
    of the rank and `side` the axis of the state that it mixes. `size` is the number m of m x m blocks of diagonals.
    """

    kind: Kind
    axes: Axes = NONE
    diagonal: Kind = Kind.IDENTITY
    factors: tuple[tuple[sp.Basic, ...], ...] = ()
    rank: int = 0
    side: str = ""
    size: int = 1


@dataclass(frozen=True)
class _Route:
    """What a composition does to a state: weights along `axes` of it, `dense` products, and the `low` side of low rank.

    `path` are the factors since the state, or since it went through few numbers; `reads` those before.
    """

    plain: bool = True
    axes: Axes = NONE
    dense: Axes = NONE
    low: str = ""
    reads: tuple[Any, ...] = ()
    path: tuple[Any, ...] = ()
    flipped: bool = False
    factors: tuple[sp.Basic, ...] = ()
    """The weights on the way, numbers included."""

    def times(self, *factors: sp.Basic) -> _Route:
        """The route with further weights."""
        return replace(self, plain=False, factors=(*self.factors, *factors))

    def side(self, axis: str) -> str:
        """The axis of the state that is now the rows, or the columns."""
        return next(iter(swapped(frozenset({axis})))) if self.flipped else axis

    def through(self, side: str, reads: tuple[Any, ...], writes: tuple[Any, ...]) -> _Route:
        """The route, taken through few numbers on a side; a second time changes the writing end only."""
        if not self.low:
            return replace(self, plain=False, low=side, reads=(*self.path, *reads), path=writes)
        if self.low == side:
            return replace(self, plain=False, path=(*self.path, *reads, *writes))
        return replace(self, plain=False, dense=self.dense | {side}, path=(*self.path, *reads, *writes))


def weights(item: LinearMap) -> Iterator[sp.Basic]:
    """All expressions inside a linear map."""
    for field in fields(item):  # type: ignore[arg-type]
        value = getattr(item, field.name)
        if isinstance(value, tuple):
            for part in value:
                yield from weights(part)
        elif isinstance(value, sp.Basic):
            yield value


def of_block(item: LinearMap, rows: sp.Expr, columns: sp.Expr, known: Definitions) -> Transition:
    """What the map from a state of step t-1, with so many entries as the block has columns, to one of step t is.

    `known` are the values of the step with an equation.
    """
    routes = list(_routes(item, _Route(), known))
    if rows == columns == 1:
        routes = [replace(route, low="", dense=NONE) for route in routes]
    straight = [route for route in routes if not route.low]
    axes = frozenset().union(*(route.axes for route in straight))
    plain = len(straight) == 1 and straight[0].plain
    diagonal = Kind.IDENTITY if plain else Kind.DIAGONAL if axes else Kind.SCALAR
    low = [route for route in routes if route.low]
    sides = {route.low for route in low}
    if len(sides) > 1 or any(route.dense - {route.low} for route in routes):
        return Transition(Kind.DENSE)
    factors = tuple(route.factors for route in straight)
    if not low:
        return Transition(diagonal, axes, diagonal, factors)
    rank = min(len({route.reads for route in low}), len({route.path for route in low}))
    return Transition(Kind.LOW_RANK, axes, diagonal, factors, rank, sides.pop())


def of_blocks(states: tuple[str, ...], blocks: tuple[tuple[str, str, Transition], ...]) -> Transition:
    """The transition of several states: that of the one, m x m blocks of diagonals, or dense."""
    if len(states) == 1:
        return blocks[0][2]
    kinds = [block.kind for _, _, block in blocks]
    if max(kinds) > Kind.DIAGONAL:
        return Transition(Kind.DENSE)
    axes = frozenset().union(*(block.axes for _, _, block in blocks))
    return Transition(Kind.BLOCKS, axes, max(kinds), size=len(states))


def _routes(item: LinearMap, route: _Route, known: Definitions) -> Iterator[_Route]:
    """The routes through a map, each continuing one."""
    if isinstance(item, linear.Sum):
        for part in item.maps:
            yield from _routes(part, route, known)
    elif isinstance(item, linear.Compose):
        found = [route]
        for part in reversed(item.maps):
            found = [longer for shorter in found for longer in _routes(part, shorter, known)]
        yield from found
    elif isinstance(item, linear.Scale):
        yield route if item.number == 1 else route.times(item.number)
    elif isinstance(item, linear.Hadamard):
        yield _weighted(route, item.weights, known)
    elif isinstance(item, linear.TransposeMap):
        yield replace(route, flipped=not route.flipped)
    elif isinstance(item, linear.Left):
        yield from _product(route, item.factor, route.side("rows"), known)
    elif isinstance(item, linear.Right):
        yield from _product(route, tidy.transpose(item.factor), route.side("columns"), known)
    elif isinstance(item, linear.TotalMap) and item.columns == 1:
        yield route.through(route.side("rows"), ("sum",), ())
    elif isinstance(item, linear.BroadcastMap) and item.columns == 1 and route.low:
        yield replace(route, path=(*route.path, "ones"))
    else:
        yield replace(route, plain=False, dense=frozenset({"rows", "columns"}))


def _weighted(route: _Route, value: MatrixExpr, known: Definitions) -> _Route:
    if is_one(value, known):
        return route
    axes = varying(value, known)
    path = (*route.path, value) if axes else route.path
    return replace(route.times(value), axes=route.axes | (swapped(axes) if route.flipped else axes), path=path)


def _product(route: _Route, matrix: MatrixExpr, side: str, known: Definitions) -> Iterator[_Route]:
    """The routes through X -> A X, where the rows of X are now the side."""
    if matrix.shape == (1, 1):
        yield route.times(matrix)
        return
    number, factors = tidy.split_number(matrix)
    route = route if number == 1 else route.times(number)
    cut = next((i for i, factor in enumerate(factors) if 1 in factor.shape), None)
    if cut is not None:
        after = cut + (factors[cut].shape[1] == 1)
        yield route.through(side, factors[after:], factors[:after])
    elif len(factors) > 1:
        found = [route]
        for factor in reversed(factors):
            found = [longer for shorter in found for longer in _product(shorter, factor, side, known)]
        yield from found
    else:
        yield from _factor(route, tidy.collected(factors[0]), side, known)


def _factor(route: _Route, matrix: MatrixExpr, side: str, known: Definitions) -> Iterator[_Route]:
    """The same for a matrix that is no product."""
    if isinstance(matrix, sp.Identity):
        yield route
    elif isinstance(matrix, sp.MatAdd):
        for term in matrix.args:
            yield from _product(route, term, side, known)
    elif isinstance(matrix, Diag):
        axes = frozenset({side}) if varying(matrix.args[0], known) else NONE
        yield replace(route.times(matrix.args[0]), axes=route.axes | axes, path=(*route.path, matrix))
    elif isinstance(matrix, sp.HadamardProduct) and sum(not fills(a) for a in matrix.args) == 1:
        (inner,) = (a for a in matrix.args if not fills(a))
        yield from _product(route.times(*(a for a in matrix.args if a is not inner)), inner, side, known)
    elif isinstance(matrix, sp.HadamardProduct) and any(isinstance(a, sp.Identity) for a in matrix.args):
        others = tuple(a for a in matrix.args if not isinstance(a, sp.Identity))
        yield replace(route.times(*others), axes=route.axes | {side}, path=(*route.path, matrix))
    elif isinstance(matrix, (Broadcast, OneMatrix)):
        yield route.through(side, ("sum",), ("ones",))
    elif isinstance(matrix, sp.Transpose) and isinstance(matrix.arg, sp.HadamardProduct):
        yield from _factor(route, sp.HadamardProduct(*map(tidy.transpose, matrix.arg.args)), side, known)
    elif isinstance(matrix, sp.Transpose) and matrix.arg in known:
        yield from _product(route, tidy.transpose(known[matrix.arg]), side, known)
    elif matrix in known:
        yield from _product(route, known[matrix], side, known)
    else:
        yield replace(route, plain=False, dense=route.dense | {side}, path=(*route.path, matrix))
