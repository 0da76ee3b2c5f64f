"""What a program is made of: indices, buffers, scalar expressions over indexed reads, statements. Nothing here is text.

A matrix formula is written entry by entry, f(i, j): a transpose is f(j, i), and more axes than two need nothing new. Steps count
from 0; the rows of a state are one ahead, row 0 being its initial value. A matrix has two axes behind those of steps and samples,
a vector a second one of extent 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

import sympy as sp

from symbptt.algebra.nodes import dimension
from symbptt.model.values import Model, Variable

STEPS, SAMPLES = dimension("T:steps"), dimension("N:samples")
"""The extents of the axes of steps and samples. No dimension of a model has a colon in its name: one may be called T, or N."""


@dataclass(frozen=True)
class Index:
    """A loop variable, counted from 0; `size` is its extent, which may contain dimensions."""

    name: str
    size: sp.Expr


@dataclass(frozen=True)
class Subscript:
    """index + by, or the number `by` alone; with `head` it is head * block + index + by: the entry of one head of many."""

    index: Index | None
    by: sp.Expr = sp.S.Zero
    head: Index | None = None
    block: sp.Expr = sp.S.Zero

    @property
    def indices(self) -> tuple[Index, ...]:
        """The loop variables, the outermost first."""
        return tuple(index for index in (self.head, self.index) if index is not None)

    def covers(self, size: sp.Expr) -> bool:
        """Whether it goes through all entries of an axis."""
        own = sp.S.One if self.index is None else self.index.size
        whole = own if self.head is None else self.head.size * own
        return self.by == 0 and sp.expand(whole - size) == 0 and (self.head is None or own == self.block)

    def step(self, index: Index) -> sp.Expr:
        """How far it moves with a loop variable."""
        return (self.block if index == self.head else sp.S.Zero) + int(index == self.index)

    def shifted(self, by: sp.Expr) -> Subscript:
        """The subscript so much further on."""
        return replace(self, by=self.by + by)


def fixed(number: sp.Expr | int) -> Subscript:
    """A subscript that is a number."""
    return Subscript(None, sp.sympify(number))


class Kind(StrEnum):
    """What a buffer is for. Those up to RATE are the caller's."""

    PARAMETER = "parameter"
    INPUT = "input"
    TARGET = "target"
    INITIAL = "initial"
    DIRECTION = "direction"
    COTANGENT = "cotangent"
    MASK = "mask"
    STEP_WEIGHT = "step weight"
    OUTPUT = "output"
    OUTPUT_TANGENT = "output tangent"
    GRADIENT = "gradient"
    LOSS = "loss"
    RATE = "rate"
    VALUE = "value"
    WEIGHT = "weight"
    COUNT = "count"
    ADJOINT = "adjoint"
    TANGENT = "tangent"
    TEMPORARY = "temporary"
    STACK = "stack"
    LAID = "laid out for a kernel"


GIVEN = frozenset(
    (Kind.PARAMETER, Kind.INPUT, Kind.TARGET, Kind.INITIAL, Kind.DIRECTION, Kind.COTANGENT, Kind.MASK, Kind.STEP_WEIGHT))
"""What the caller hands in, and nobody writes to."""
RETURNED = frozenset((Kind.OUTPUT, Kind.OUTPUT_TANGENT, Kind.GRADIENT, Kind.LOSS, Kind.RATE))
"""What the caller's arrays take."""


@dataclass(frozen=True)
class Buffer:
    """An array by its axes. `timed` and `batched` say whether the first ones are those of steps and of samples."""

    kind: Kind
    name: str
    axes: tuple[sp.Expr, ...]
    timed: bool = False
    batched: bool = False
    variable: Variable | None = None


@dataclass(frozen=True)
class Num:
    """A number, which may contain dimensions."""

    value: sp.Expr


@dataclass(frozen=True)
class Read:
    """An entry of a buffer."""

    buffer: Buffer
    at: tuple[Subscript, ...]


@dataclass(frozen=True)
class Add:
    """A sum, in this order."""

    args: tuple[Expr, ...]


@dataclass(frozen=True)
class Mul:
    """A product, in this order."""

    args: tuple[Expr, ...]


@dataclass(frozen=True)
class Map:
    """A scalar function, as SymPy has it in one symbol, at an argument."""

    function: sp.Expr
    argument: Expr


@dataclass(frozen=True)
class Reduce:
    """The "sum" or the "max" over an index."""

    operation: str
    over: Index
    body: Expr


@dataclass(frozen=True)
class Delta:
    """1 where two subscripts are equal, else 0."""

    left: Subscript
    right: Subscript


@dataclass(frozen=True)
class AtMost:
    """1 where left <= right, else 0."""

    left: Subscript
    right: Subscript


@dataclass(frozen=True)
class Within:
    """`body` where start <= at < stop, else 0; the body is not looked at there."""

    at: Subscript
    start: sp.Expr
    stop: sp.Expr
    body: Expr


@dataclass(frozen=True)
class Select:
    """`yes` where left > right, else `no`."""

    left: Expr
    right: Expr
    yes: Expr
    no: Expr


@dataclass(frozen=True)
class InverseUnitLower:
    """The entry `at` of (I + L)^-1, where L is what `body` has strictly below the diagonal, `rows` and `columns` counting.

    It is the whole value of an assignment to all of its entries, for which targets have a kernel.
    """

    at: tuple[Subscript, Subscript]
    rows: Index
    columns: Index
    body: Expr


Expr: TypeAlias = Num | Read | Add | Mul | Map | Reduce | Delta | AtMost | Within | Select | InverseUnitLower


@dataclass(frozen=True)
class Below:
    """Holds where one of these sizes is below its number."""

    limits: tuple[tuple[sp.Expr, int], ...]


@dataclass(frozen=True)
class Assign:
    """target[at] = value, or += with `add`, for all indices in `at`; summed over those in `over`.

    Nothing is done where the caller gives the buffer `unless`, or it holds. `equations` are the numbers in documents.
    """

    target: Buffer
    at: tuple[Subscript, ...]
    value: Expr
    add: bool = True
    over: tuple[Index, ...] = ()
    equations: tuple[int, ...] = ()
    unless: Buffer | Below | None = None


@dataclass(frozen=True)
class Group:
    """Elementwise assignments that one nest of loops over `indices` does; every entry read is read before one is written.

    What is in `local` lives in the nest alone, as a scalar.
    """

    indices: tuple[Index, ...]
    assignments: tuple[Assign, ...]
    local: frozenset[Buffer] = frozenset()


@dataclass(frozen=True)
class Matrix:
    """A buffer as a matrix: the entry (r, c) is that of `at` with `rows` and `columns` counting."""

    buffer: Buffer
    at: tuple[Subscript, ...]
    rows: tuple[Index, ...]
    columns: tuple[Index, ...]


@dataclass(frozen=True)
class Product:
    """target = number * left right, or += with `add`: a matrix product, which every target has a kernel for.

    `laid`, a copy of `right`, is read in its place, but not where `unless` holds. Each entry of `batch` has a product of its own.
    """

    target: Matrix
    left: Matrix
    right: Matrix
    number: sp.Expr
    add: bool
    equations: tuple[int, ...] = ()
    laid: Matrix | None = None
    unless: Below | None = None
    batch: tuple[Index, ...] = ()


@dataclass(frozen=True)
class For:
    """`body` at start <= index < size, in the order of time or against it."""

    index: Index
    body: tuple[Statement, ...]
    reverse: bool = False
    start: sp.Expr = sp.S.Zero


Statement: TypeAlias = Assign | Group | Product | For


@dataclass(frozen=True)
class Function:
    """`keeps` are values that a later function reads, first in memory, in both alike; `gives` are those of the caller."""

    name: str
    body: tuple[Statement, ...]
    keeps: tuple[Buffer, ...] = ()
    gives: tuple[Buffer, ...] = ()


@dataclass(frozen=True)
class Program:
    """The functions of a model: `forward`, `backward`, and some of `builder.OTHERS`."""

    model: Model
    wanted: tuple[Variable, ...]
    functions: tuple[Function, ...]
