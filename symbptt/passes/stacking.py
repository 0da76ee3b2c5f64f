"""Pass: products in a loop over the steps that share an operand, or a target, are one product of stacked weights.

    (W_1; W_2) h = (W_1 h; W_2 h)          W_1' d_1 + W_2' d_2 = (W_1; W_2)' (d_1; d_2)

The gates become slices of one buffer, so nothing is copied but the weights, once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import groupby

import sympy as sp

from symbptt.passes.matrix_products import kernel_or_sum
from symbptt.program.ir import Assign, Buffer, Expr, For, Function, Index, Kind, Matrix, Product, Read, Statement, Subscript
from symbptt.program.walk import mapped

_INNER = (Kind.VALUE, Kind.ADJOINT, Kind.TANGENT, Kind.TEMPORARY)
_WEIGHTS = (Kind.PARAMETER, Kind.DIRECTION)
_PREFIX = {Kind.ADJOINT: "d_", Kind.TANGENT: "t_"}


@dataclass(frozen=True)
class Place:
    """Where a buffer lies in a stack: that many rows behind its beginning, along an axis."""

    stack: Buffer
    axis: int
    offset: sp.Expr

    def at(self, at: tuple[Subscript, ...]) -> tuple[Subscript, ...]:
        """The subscripts in the stack."""
        return tuple(s.shifted(self.offset) if k == self.axis else s for k, s in enumerate(at))


@dataclass
class _Stacks:
    """What is stacked so far."""

    kept: frozenset[Buffer]
    places: dict[Buffer, Place] = field(default_factory=dict)
    weights: dict[tuple[Buffer, ...], Buffer] = field(default_factory=dict)
    open: bool = True
    """Whether what is not stacked yet may be."""

    def order(self, product: Product, by_operand: bool) -> tuple[int, str]:
        """Where a product stands among its neighbours: as its target or operand lies in a stack, then by name."""
        place = self.places.get((product.target if by_operand else product.left).buffer)
        known = [other for other in self.places.values() if place and other.stack == place.stack]
        return (known.index(place) if place else 0), product.right.buffer.name

    def of_weights(self, parts: tuple[Buffer, ...]) -> Buffer:
        """The buffer with these matrices on top of each other."""
        if parts not in self.weights:
            rows = sp.Add(*(b.axes[0] for b in parts))
            made = Buffer(Kind.STACK, "stack_" + parts[0].name, (rows, parts[0].axes[1]))
            # A weight may stand first in several stacks.
            while made in self.weights.values():
                made = replace(made, name=made.name + "_")
            self.weights[parts] = made
        return self.weights[parts]

    def of_values(self, parts: tuple[Buffer, ...], axis: int) -> Buffer | None:
        """The buffer with these values side by side, if it can be had."""
        first = parts[0]
        if len(set(parts)) < len(parts):
            return None
        if all(b in self.places for b in parts):
            stack, start = self.places[first].stack, self.places[first].offset
            ahead = [start + sp.Add(*(b.axes[axis] for b in parts[:k])) for k in range(len(parts))]
            fits = all(self.places[b] == Place(stack, axis, offset) for b, offset in zip(parts, ahead, strict=True))
            return stack if fits and start == 0 and stack.axes[axis] == ahead[-1] + parts[-1].axes[axis] else None
        alike = all(_others(b, axis) == _others(first, axis) and b.kind in _INNER for b in parts)
        if not self.open or not alike or any(b in self.places or b in self.kept for b in parts):
            return None
        size = sp.Add(*(b.axes[axis] for b in parts))
        axes = (*first.axes[:axis], size, *first.axes[axis + 1 :])
        name = f"stack_{_PREFIX.get(first.kind, '')}{first.name}"
        stack = Buffer(Kind.STACK, name, axes, first.timed, first.batched)
        offset: sp.Expr = sp.S.Zero
        for b in parts:
            self.places[b] = Place(stack, axis, offset)
            offset += b.axes[axis]
        return stack


def _others(buffer: Buffer, axis: int) -> tuple[object, ...]:
    return (buffer.kind, *buffer.axes[:axis], *buffer.axes[axis + 1 :])


def stack(function: Function) -> Function:
    """The function with products in loops stacked."""
    stacks = _Stacks(frozenset(function.keeps))
    body = tuple(replace(s, body=_stacked(s.body, stacks)) if isinstance(s, For) else s for s in function.body)
    # Outside of loops only what lies side by side because of them: the input products of the gates.
    stacks.open = False
    body = _stacked(body, stacks)
    copies = tuple(c for parts, made in stacks.weights.items() for c in _copies(parts, made))
    return replace(function, body=(*copies, *(moved(s, stacks.places) for s in body)))


def _stacked(body: tuple[Statement, ...], stacks: _Stacks) -> tuple[Statement, ...]:
    made: list[Statement] = []
    for key, group in groupby(body, key=_key):
        parts = list(group)
        products = sorted((s for s in parts if isinstance(s, Product)), key=lambda p: stacks.order(p, key[0] == "operand"))
        joined = _joined(products, key[0] == "operand", stacks) if len(products) > 1 and key[0] else None
        made += parts if joined is None else [joined]
    return tuple(made)


def _key(statement: Statement) -> tuple[object, ...]:
    """What makes neighbours one product: the same left operand, or the same target."""
    if not isinstance(statement, Product) or statement.right.buffer.kind not in _WEIGHTS or statement.right.buffer.timed:
        return ("", id(statement))
    left, right, target = statement.left, statement.right, statement.target
    if _is_rows(right.at, right.columns, right.rows):
        return ("operand", left, statement.number, statement.add, right.buffer.axes[1], target.rows)
    if _is_rows(right.at, right.rows, right.columns):
        return ("target", target, statement.number, right.buffer.axes[1], left.rows)
    return ("", id(statement))


def _is_rows(at: tuple[Subscript, ...], first: tuple[Index, ...], second: tuple[Index, ...]) -> bool:
    return len(first) == len(second) == 1 and at == (Subscript(first[0]), Subscript(second[0]))


def _joined(products: list[Product], by_operand: bool, stacks: _Stacks) -> Product | None:
    """One product for all."""
    ends = [p.target if by_operand else p.left for p in products]
    axes = {_axis(m) for m in ends}
    axis = axes.pop()
    if axes or axis is None or any(m.at[axis].by != 0 for m in ends) or len({_rest(m, axis) for m in ends}) > 1:
        return None
    made = stacks.of_values(tuple(m.buffer for m in ends), axis)
    if made is None:
        return None
    weights = stacks.of_weights(tuple(p.right.buffer for p in products))
    first = products[0]
    index = Index("i" if by_operand else "k", made.axes[axis])
    at = tuple(Subscript(index) if k == axis else s for k, s in enumerate(ends[0].at))
    end = replace(ends[0], buffer=made, at=at, columns=(index,))
    inner = first.right.rows if by_operand else first.right.columns
    right = Matrix(weights, (Subscript(index), Subscript(inner[0])), *((inner, (index,)) if by_operand else ((index,), inner)))
    numbers = tuple(dict.fromkeys(n for p in products for n in p.equations))
    if by_operand:
        return replace(first, target=end, right=right, equations=numbers)
    return replace(first, left=end, right=right, equations=numbers, add=all(p.add for p in products))


def _axis(matrix: Matrix) -> int | None:
    """The axis that the columns count."""
    found = [k for k, s in enumerate(matrix.at) if matrix.columns and s.index == matrix.columns[0]]
    return found[0] if len(found) == 1 and len(matrix.columns) == 1 else None


def _rest(matrix: Matrix, axis: int) -> tuple[Subscript, ...]:
    return tuple(s for k, s in enumerate(matrix.at) if k != axis)


def _copies(parts: tuple[Buffer, ...], made: Buffer) -> Iterable[Assign]:
    offset: sp.Expr = sp.S.Zero
    for b in parts:
        i, j = (Subscript(Index(name, size)) for name, size in zip("ij", b.axes, strict=True))
        yield Assign(made, (i.shifted(offset), j), Read(b, (i, j)), add=False)
        offset += b.axes[0]


def moved(statement: Statement, places: dict[Buffer, Place]) -> Statement:
    """A statement with what is stacked read and written in its stack."""

    def change(node: Expr) -> Expr:
        place = places.get(node.buffer) if isinstance(node, Read) else None
        return Read(place.stack, place.at(node.at)) if place and isinstance(node, Read) else node

    match statement:
        case For():
            return replace(statement, body=tuple(moved(s, places) for s in statement.body))
        case Assign(target, at, value):
            place = places.get(target)
            made = replace(statement, value=mapped(value, change))
            return replace(made, target=place.stack, at=place.at(at)) if place else made
        case Product(target, left, right):
            target, left, right = (_matrix(m, places) for m in (target, left, right))
            return kernel_or_sum(replace(statement, target=target, left=left, right=right))
    return statement


def _matrix(matrix: Matrix, places: dict[Buffer, Place]) -> Matrix:
    place = places.get(matrix.buffer)
    return replace(matrix, buffer=place.stack, at=place.at(matrix.at)) if place else matrix

