"""What the passes rewrite: statements in template time, in blocks that run step by step or for all steps at once.

A statement holds formulas of one sample. It has several targets where the same operation makes several values at once (the gates
of a cell); their values then have the same form. What no model file names is a symbol that is related to one of a model's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import sympy as sp
from sympy.core.symbol import Str
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.head_nodes import EachHead, HeadBroadcast, HeadTranspose, JoinHeads
from symbptt.algebra.nodes import TIME, BatchMean, Slice, Timed, leaves
from symbptt.algebra.related import Related
from symbptt.emit.lines import Note
from symbptt.model.values import Model, Role, Variable

Key: TypeAlias = sp.MatrixSymbol
"""A value at whichever step: its symbol at step t."""


class Sort(sp.Atom):
    """A class of symbols, as an argument in SymPy."""

    __slots__ = ("kind",)

    def __new__(cls, kind: type[Related]) -> Sort:
        made = sp.Atom.__new__(cls)
        made.kind = kind
        return made

    def _hashable_content(self) -> tuple[str]:
        return (self.kind.__name__,)


class Part(Related):
    """Something on the way to a value, or to its adjoint: the class of the primal is the last argument then."""

    def __new__(cls, primal: sp.MatrixSymbol | Str, *rest: Any) -> Any:
        return super().__new__(cls, primal, *rest, *([Sort(type(primal))] if isinstance(primal, Related) else []))

    @cached_property
    def primal(self) -> sp.MatrixSymbol:
        """The value, the adjoint or the other part that this is made for."""
        *own, last = self.args
        return last.kind(*own) if isinstance(last, Sort) else super().primal

    @property
    def name(self) -> str:
        return f"{self.mark}:{self.primal.name}"


class Hoisted(Part):
    """The part of a value that does not depend on the recurrence."""

    mark = "in"


class LocalFactor(Part):
    """What multiplies an adjoint, known after the forward pass."""

    mark = "slope"


class Decay(Part):
    """What multiplies a value of the step before, or what the step after passes back: known before the recurrence starts."""

    mark = "decay"


class Partial(Part):
    """A value before the summands that its neighbours in a stacked product do not have."""

    mark = "sum"


class HalfTanh(Part):
    """tanh(x/2) on the way to a sigmoid."""

    mark = "tanh"


class Carry(Related):
    """What a state receives from the step after; at step t: what step t passes to step t-1."""

    mark = "carry"


class Lagged(Related):
    """What a loss passes to a value of the step before."""

    mark = "lag"


class Gradient(Related):
    """A gradient: summed over steps and samples for a parameter, one per step for an input."""

    mark = "grad"


@dataclass(frozen=True)
class Statement:
    """targets = values, row by row; `numbers` are those of the derivation's equations."""

    targets: tuple[Timed, ...]
    values: tuple[MatrixExpr, ...]
    numbers: tuple[Note, ...]

    @property
    def key(self) -> Key:
        """The first target, by which a statement is found."""
        return self.targets[0]

    @property
    def keys(self) -> tuple[Key, ...]:
        """All targets: one for each value."""
        return self.targets

    @cached_property
    def reads(self) -> frozenset[tuple[Key, sp.Expr]]:
        """What the statement reads: (key, step)."""
        return frozenset((key_of(s), step_of(s)) for v in self.values for s in symbols(v))

    def having(self, value: MatrixExpr) -> Statement:
        """The statement of one target with another value."""
        return replace(self, values=(value,))


@dataclass(frozen=True)
class Block:
    """Statements for all steps at once, or (`each`) step by step; `ahead` holds what a loop can compute for many steps before.

    With a `decay` there is one statement, h_t = decay * h_{t-1} + Hoisted(h_t) entry by entry (see `symbptt.emit.plan.scans`).
    """

    statements: tuple[Statement, ...]
    each: bool
    ahead: tuple[Statement, ...] = ()
    decay: Timed | None = None

    @property
    def keys(self) -> frozenset[Key]:
        """What the block's statements assign."""
        return frozenset(key for s in self.statements for key in s.keys)


@dataclass(frozen=True)
class Pack:
    """Values that live in one array (G, T, N, n), row by row; a row lists keys that take turns in the same place.

    With `buffered` a loop works on (G, N, n) and keeps the last value of each row.
    """

    rows: tuple[tuple[Key, ...], ...]
    buffered: bool

    def row(self, key: Key) -> int:
        """The row of a key, or -1."""
        return next((i for i, keys in enumerate(self.rows) if key in keys), -1)


@dataclass(frozen=True)
class Plan:
    """A module's computation: the forward and the backward part."""

    model: Model
    wanted: frozenset[str]
    forward: tuple[Block, ...]
    backward: tuple[Block, ...]
    packs: tuple[Pack, ...] = ()
    tiled: bool = False

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks in the order in which they run."""
        return self.forward + self.backward

    def statements(self) -> Iterator[Statement]:
        """All statements, those that run ahead of a loop included."""
        for block in self.blocks:
            yield from block.ahead
            yield from block.statements

    def readers(self, key: Key) -> list[Statement]:
        """The statements that read a value, at whichever step."""
        return [s for s in self.statements() if any(key == read for read, _ in s.reads)]

    def pack(self, key: Key) -> Pack | None:
        """The pack that a value lives in."""
        return next((p for p in self.packs if p.row(key) >= 0), None)


def symbols(expression: MatrixExpr) -> Iterable[sp.MatrixSymbol]:
    """The variables in an expression, in reading order: a set of symbols has an order that changes from run to run."""
    return leaves(expression)


def key_of(symbol: sp.MatrixSymbol) -> Key:
    """The key of a value, from its symbol at some step."""
    return symbol.func(*symbol.args[:3], TIME, *symbol.args[4:]) if isinstance(symbol, Timed) and symbol.step != TIME else symbol


def step_of(symbol: sp.MatrixSymbol) -> sp.Expr:
    """The step at which a symbol stands; t for what has none."""
    return symbol.step if isinstance(symbol, Timed) else TIME


def variable_of(model: Model, key: Key) -> Variable:
    """The model's variable that gives a value its shape."""
    while isinstance(key, Related):
        key = key.primal
    return model[key.name]


def is_untied(model: Model, key: Key) -> bool:
    """Whether a key is a parameter or a buffer with one value per step, or the gradient of one."""
    if isinstance(key, Related) and not isinstance(key, Gradient):
        return False
    variable = variable_of(model, key)
    return variable.role in (Role.PARAMETER, Role.BUFFER) and variable.timed


def is_stepwise(model: Model, statement: Statement) -> bool:
    """Whether a statement must run step by step: it averages over the samples, or meets a parameter of its step."""
    keys = {*statement.keys, *(key for key, _ in statement.reads)}
    return any(v.has(BatchMean) for v in statement.values) or any(is_untied(model, key) for key in keys)


def is_constant(expression: MatrixExpr) -> bool:
    """Whether an expression reads parameters only, all of them tied."""
    return not any(isinstance(s, Timed) for s in symbols(expression))


def is_view(expression: MatrixExpr) -> bool:
    """Whether NumPy gives a part of another array for it, in which nobody else may write."""
    if isinstance(expression, (HeadBroadcast, EachHead)):
        return True
    if isinstance(expression, (sp.Transpose, Slice, HeadTranspose, JoinHeads)):
        return is_view(expression.args[0])
    return isinstance(expression, sp.MatrixSymbol)


def terms(expression: MatrixExpr) -> tuple[MatrixExpr, ...]:
    """The summands of an expression."""
    return tuple(expression.args) if isinstance(expression, sp.MatAdd) else (expression,)
