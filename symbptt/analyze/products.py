"""The norms of state-Jacobian products ds_t/ds_k and of their factors, in one walk back that keeps no Jacobian.

Carried along are the products for the steps t at hand, the long product ds_T/ds_k, and the triangular factors of its
Lyapunov exponents.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.analyze.jacobian import Factor, Jacobians, direct_routes
from symbptt.analyze.norms import norm
from symbptt.analyze.spectrum import Exponents, spectrum_of

WHOLE = "s"
"""The name of all states together."""
STACK_ENTRIES = 1 << 23
"""Products for many steps t are carried in blocks of about this many entries."""
WORK = 5e10
"""With more multiplications than this (about T^2 S^3 per sample), only the products from t = T are made unless asked."""


@dataclass(frozen=True)
class Block:
    """The norms of one block of ds_t/ds_k, [t, k] with k = 0 .. t, (T+1, T+1); zero for k > t.

    The worst sample counts; `by_sample` is (samples, T+1, T+1), or (0, ...). `direct` marks the product of the direct routes
    alone, such as the product of forget gates in an LSTM's c, which is one summand of the block.
    `complete` is false if only the products from t = T were made, the others then being zero.
    """

    row: str
    column: str
    norms: Array
    by_sample: Array
    direct: bool = False
    complete: bool = True

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """The pairs (t, k) that were made: all with t >= k, or those of t = T."""
        T = len(self.norms) - 1
        return [(t, k) for t in (range(T + 1) if self.complete else (T,)) for k in range(t + 1)]


@dataclass(frozen=True)
class Long:
    """The long product: 2-norms of ds_T/ds_{T-d}, d = 0 .. T; norms, singular values and radii of J_1 .. J_T; Lyapunov exponents.

    The worst sample counts, but `singular` are (T, samples, S), the largest first, and `exponents` (samples, S).
    `sizes` are the norms of J_1 .. J_T in the norm asked for, `direct` the 2-norms by distance of the product of a state's
    direct routes.
    """

    norms: Array
    sizes: Array
    singular: Array
    radii: Array
    exponents: Array
    direct: Mapping[str, Array]

    @property
    def factors(self) -> Array:
        """The 2-norms of J_1 .. J_T."""
        return np.asarray(self.singular[..., 0].max(axis=1))


@dataclass(frozen=True)
class _Place:
    row: str
    column: str
    place: tuple[slice, slice]


def work(jacobians: Jacobians) -> float:
    """About how many multiplications all products take."""
    return float(jacobians.done.graph.T) ** 2 * jacobians.samples * float(jacobians.entries) ** 3


def products(
    jacobians: Jacobians, kind: str = "fro", samples: bool = False, every: bool | None = None
) -> tuple[tuple[Block, ...], Long]:
    """The blocks of ds_t/ds_k, the whole Jacobian first, then one per pair of states, then direct routes; and the long product.

    `every` asks for all pairs; otherwise for t = T alone. By default it depends on the work that all pairs are.
    """
    T, count, side = jacobians.done.graph.T, jacobians.samples, jacobians.entries
    complete = work(jacobians) <= WORK if every is None else every
    width = max(1, STACK_ENTRIES // (count * side**2)) if complete else 1
    places = _places(jacobians)
    tables = np.zeros((len(places), count, T + 1, T + 1))
    long, routes = _Long(T, count, side, kind), _Routes(jacobians, kind)
    for last in range(T, -1, -width) if complete else (T,):
        for t, k, stack, factor in _block(jacobians, last, max(last - width + 1, 0)):
            for table, item in zip(tables, places, strict=True):
                table[:, t, k] = norm(stack[..., item.place[0], item.place[1]], kind)
            if last == T:
                long.add(k, stack[:, 0], factor)
                routes.add(k, factor)
    blocks = [_made(item.row, item.column, table, samples, complete=complete) for item, table in zip(places, tables, strict=True)]
    direct = [_made(name, name, table, samples, direct=True) for name, table in routes.tables.items()]
    return (*blocks, *direct), long.made(routes.long)


def _made(row: str, column: str, table: Array, samples: bool, **flags: bool) -> Block:
    return Block(row, column, table.max(axis=0), table if samples else table[:0], **flags)


def _places(jacobians: Jacobians) -> list[_Place]:
    found = jacobians.places
    pairs = [_Place(r, c, (found[r], found[c])) for r in found for c in found] if len(found) > 1 else []
    return [_Place(WHOLE, WHOLE, (slice(None), slice(None))), *pairs]


def _block(jacobians: Jacobians, last: int, first: int) -> Iterator[tuple[Array, int, Array, Factor | None]]:
    """(t, k, ds_t/ds_k, J_k) for the steps t = last, .., max(k, first), for every k; products are (samples, t, S, S)."""
    count, side = jacobians.samples, jacobians.entries
    stack = np.zeros((count, 0, side, side))
    unit = np.broadcast_to(np.eye(side), (count, 1, side, side))
    with np.errstate(all="ignore"):
        for k in range(last, -1, -1):
            if k >= first:
                stack = np.concatenate([stack, unit], axis=1)
            factor = jacobians.at(k) if k else None
            yield np.arange(last, max(k, first) - 1, -1), k, stack, factor
            if factor is not None:
                # One product for all t: the steps are further rows of the left factor.
                stack = (stack.reshape(count, -1, side) @ factor.jacobian).reshape(stack.shape)


@dataclass
class _Long:
    T: int
    samples: int
    side: int
    kind: str
    norms: Array = field(init=False)

    def __post_init__(self) -> None:
        self.norms = np.zeros(self.T + 1)
        self.sizes, self.radii = np.zeros((2, self.T))
        self.singular = np.zeros((self.T, self.samples, self.side))
        # The transposed product has the same singular values, and the walk meets its factors in order.
        self.exponents = Exponents(self.samples, self.side)

    def add(self, k: int, product: Array, factor: Factor | None) -> None:
        self.norms[self.T - k] = norm(product, "2").max()
        if factor is not None:
            found = [spectrum_of("J", one) for one in factor.jacobian]
            self.sizes[k - 1] = norm(factor.jacobian, self.kind).max()
            self.singular[k - 1] = [s.singular for s in found]
            self.radii[k - 1] = np.max([s.radius for s in found])
            self.exponents.add(factor.jacobian.swapaxes(-1, -2))

    def made(self, direct: Mapping[str, Array]) -> Long:
        return Long(self.norms, self.sizes, self.singular, self.radii, self.exponents.values, direct)


class _Routes:
    """The products of the direct routes alone; every pair, since these are small or diagonal."""

    def __init__(self, jacobians: Jacobians, kind: str) -> None:
        T, N = jacobians.done.graph.T, jacobians.done.N
        self.kind = kind
        self.tables = {name: np.zeros((N, T + 1, T + 1)) for name in direct_routes(jacobians.model)}
        self.long = {name: np.zeros(T + 1) for name in self.tables}
        self.stacks: dict[str, Array] = {}
        self.sides = {name: jacobians.done.values.size(jacobians.model[name].rows) for name in self.tables}

    def add(self, k: int, factor: Factor | None) -> None:
        for name, table in self.tables.items():
            side, N = self.sides[name], len(table)
            unit = np.broadcast_to(np.eye(side), (N, 1, side, side))
            stack = np.concatenate([self.stacks[name], unit], axis=1) if name in self.stacks else unit
            table[:, k:, k] = norm(stack, self.kind)[:, ::-1]
            self.long[name][len(table[0]) - 1 - k] = norm(stack[:, 0], "2").max()
            self.stacks[name] = stack if factor is None else _times(stack, factor.direct[name][:, None])


def _times(stack: Array, factor: Array) -> Array:
    """The stack times a matrix that is mostly diagonal."""
    diagonal = np.diagonal(factor, axis1=-2, axis2=-1)
    return stack * diagonal[..., None, :] if _is_diagonal(factor) else stack @ factor


def _is_diagonal(matrix: Array) -> bool:
    return not np.any(matrix * (1 - np.eye(matrix.shape[-1])))
