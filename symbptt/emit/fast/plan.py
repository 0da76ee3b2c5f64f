"""What the passes rewrite: statements in template time, in blocks that run step by step or for all steps at once.

A statement holds formulas of one sample. It has several targets where the same operation makes several values at once (the gates
of a cell); their values then have the same form. Keys of values that no model file names carry a prefix.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.head_nodes import EachHead, HeadBroadcast, HeadTranspose, JoinHeads
from symbptt.algebra.nodes import TIME, BatchMean, Slice, Timed, leaves
from symbptt.algebra.related import Adjoint, Cotangent, Related
from symbptt.model.values import Model, Role, Variable

HOISTED = "in:"
"""The part of a value that does not depend on the recurrence."""
LOCAL = "slope:"
"""A local factor: what multiplies an adjoint, known after the forward pass."""
PARTIAL = "sum:"
"""A value before the summands that its neighbours in a stacked product do not have."""
TANH = "tanh:"
"""tanh(x/2) on the way to a sigmoid."""


class Carry(Related):
    """What a state receives from the step after; at step t: what step t passes to step t-1."""

    mark = "carry"


class Gradient(Related):
    """A gradient: summed over steps and samples for a parameter, one per step for an input."""

    mark = "grad"


CARRY, GRADIENT, OUT, ADJOINT = (f"{kind.mark}:" for kind in (Carry, Gradient, Cotangent, Adjoint))
"""How the keys of such values begin."""


@dataclass(frozen=True)
class Statement:
    """targets = values, row by row; `numbers` are the equation numbers of the derivation, as text."""

    targets: tuple[Timed, ...]
    values: tuple[MatrixExpr, ...]
    numbers: tuple[str, ...]

    @property
    def key(self) -> str:
        """The name of the first target."""
        return str(self.targets[0].name)

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the targets."""
        return tuple(str(t.name) for t in self.targets)

    @property
    def reads(self) -> frozenset[tuple[str, sp.Expr]]:
        """What the statement reads: (key, step)."""
        return frozenset((s.name, getattr(s, "step", TIME)) for v in self.values for s in symbols(v))

    def having(self, value: MatrixExpr) -> Statement:
        """The statement of one target with another value."""
        return replace(self, values=(value,))


@dataclass(frozen=True)
class Block:
    """Statements for all steps at once, or (`each`) step by step; `ahead` holds what a loop can compute for many steps before."""

    statements: tuple[Statement, ...]
    each: bool
    ahead: tuple[Statement, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        """What the block's statements assign."""
        return frozenset(key for s in self.statements for key in s.keys)


@dataclass(frozen=True)
class Pack:
    """Values that live in one array (G, T, N, n), row by row; a row lists keys that take turns in the same place.

    With `buffered` a loop works on (G, N, n) and keeps the last value of each row.
    """

    rows: tuple[tuple[str, ...], ...]
    buffered: bool

    def row(self, key: str) -> int:
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

    def readers(self, key: str) -> list[Statement]:
        """The statements that read a value, at whichever step."""
        return [s for s in self.statements() if key in {name for name, _ in s.reads}]

    def pack(self, key: str) -> Pack | None:
        """The pack that a value lives in."""
        return next((p for p in self.packs if p.row(key) >= 0), None)


def symbols(expression: MatrixExpr) -> Iterable[sp.MatrixSymbol]:
    """The variables in an expression, in reading order: a set of symbols has an order that changes from run to run."""
    return leaves(expression)


def variable_of(model: Model, key: str) -> Variable:
    """The model's variable that gives a value its shape."""
    return model[key.rpartition(":")[2]]


def renamed(symbol: Timed, key: str) -> Timed:
    """A value of the same shape and step under another key."""
    return Timed(key, symbol.rows, symbol.cols, symbol.step)


def is_untied(model: Model, key: str) -> bool:
    """Whether a key is a parameter or a buffer with one value per step, or the gradient of one."""
    prefix, _, name = key.rpartition(":")
    if prefix + ":" not in (":", GRADIENT):
        return False
    variable = model[name]
    return variable.role in (Role.PARAMETER, Role.BUFFER) and variable.timed


def is_stepwise(model: Model, statement: Statement) -> bool:
    """Whether a statement must run step by step: it averages over the samples, or meets a parameter of its step."""
    keys = {*statement.keys, *(name for name, _ in statement.reads)}
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
