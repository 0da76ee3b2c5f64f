"""A part truncated: its statements once for each window, in slices of the arrays of the whole.

A window is a short sequence of its own. Arrays that it reads of the whole are looked up `offset` rows further on, cotangents and
what steps count are zero but for its last steps, and its gradients are added to those of the windows before.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from symbptt.model.values import Role
from symbptt.program.ir import (
    STEPS,
    Add,
    Assign,
    Buffer,
    Expr,
    Function,
    Index,
    Kind,
    Matrix,
    Num,
    Read,
    Statement,
    Subscript,
    Within,
    fixed,
)
from symbptt.program.statements import assigned, everywhere, rebuilt, rewritten, zeroed
from symbptt.program.walk import assignments, read_by
from symbptt.program.windows import FIRST, LENGTH, OFFSET, START, Windows

_SHARED = frozenset((Kind.PARAMETER, Kind.INPUT, Kind.TARGET))
_OWN = frozenset((Kind.GRADIENT, Kind.COTANGENT, Kind.MASK, Kind.LOSS))


@dataclass(frozen=True)
class Cut:
    """How a part is cut: steps, direction, (k1, k2); `placed` and `handed` tell buffers of the whole, `mark` ends its names."""

    steps: sp.Expr
    backward: bool
    scheme: tuple[int, int]
    placed: Callable[[Buffer], Buffer]
    handed: Callable[[str], Buffer]
    mark: str

    def windows(self, function: Function, counted: Buffer | None = None) -> Iterator[Statement]:
        """A function in windows. With `counted`, what each step counts in the loss, no cotangents arrive."""
        read = dict.fromkeys(r.buffer for s in assignments(function.body) for r in read_by(s))
        results = [b for b in function.gives if b.kind in _OWN]
        yield from (zeroed(self.placed(b)) for b in results)
        body: list[Statement] = []
        for b in read:
            match b.kind:
                case Kind.COTANGENT if counted is not None:
                    yield zeroed(self._inside(b))
                case Kind.COTANGENT | Kind.MASK:
                    body += self._late(self._inside(b), counted or self.placed(b))
                case Kind.INITIAL:
                    body.append(self._started(b))
        sliced = rewritten(function.body, lambda node: self._sliced(node, function.keeps))
        body += rebuilt(sliced, self._inside, lambda size: size.xreplace({STEPS: LENGTH}))
        body += [self._added(self.placed(b), self._inside(b)) for b in results]
        yield Windows(Index("end", self.steps), tuple(body), self.backward, scheme=self.scheme)

    def _inside(self, b: Buffer) -> Buffer:
        """The buffer of a window for one of the part's own."""
        made = self.placed(b)
        return replace(made, kind=Kind.TEMPORARY, name=f"part_{b.name}{self.mark}") if b.kind in _OWN else made

    def _start(self, b: Buffer) -> Buffer:
        return replace(b, kind=Kind.TEMPORARY, name=f"start_{b.name}")

    def _sliced(self, node: Any, kept: tuple[Buffer, ...]) -> Any:
        """A read of the whole at the rows of the window; only the first one starts where the sequence does."""
        match node:
            case Read(buffer) if buffer.kind is Kind.INITIAL:
                return replace(node, buffer=self._start(buffer))
            case Read(buffer, at) | Matrix(buffer, at) if buffer.kind in _SHARED or buffer in kept:
                return replace(node, at=tuple(s.shifted(OFFSET) if size.has(STEPS) else s
                                              for s, size in zip(at, buffer.axes, strict=True)))
            case Assign(unless=Buffer()):
                return replace(node, value=self._at_first(node.value))
        return node

    def _at_first(self, value: Expr) -> Expr:
        return Within(fixed(FIRST), sp.S.Zero, sp.S.One, value)

    def _late(self, target: Buffer, source: Buffer) -> Iterator[Statement]:
        """What arrives at the steps behind `start`; zero before."""
        begin, rest = sp.S.Zero if self.backward else START - FIRST, everywhere(target)[1:]
        yield assigned(target, (Subscript(Index("t", LENGTH)), *rest), Num(sp.S.Zero))
        step = Subscript(Index("t", FIRST + LENGTH - START), begin)
        yield assigned(target, (step, *rest), Read(source, (step.shifted(OFFSET), *rest)))

    def _started(self, b: Buffer) -> Statement:
        """The state that a window starts from: that of the step before."""
        target, row = self.placed(self._start(b)), OFFSET + LENGTH if self.backward else OFFSET - 1
        at = everywhere(target)
        later = Within(fixed(FIRST), sp.S.One, self.steps, Read(self.handed(b.name), (fixed(row), *at)))
        return assigned(target, at, Add((self._at_first(Read(self.placed(b), at)), later)))

    def _added(self, total: Buffer, found: Buffer) -> Statement:
        """The gradient of a window; only the first one reaches the initial state."""
        if total.timed:
            step, rest = Subscript(Index("t", LENGTH)), everywhere(total)[1:]
            return assigned(total, (step.shifted(OFFSET), *rest), Read(found, (step, *rest)), True)
        at = everywhere(total)
        state = total.variable is not None and total.variable.role is Role.STATE
        return assigned(total, at, self._at_first(Read(found, at)) if state else Read(found, at), True)
