"""What every symbol of a derivation stands for, as numbers, by complex steps of the interpreter: no derivation takes part.

All arrays are for one sample. In the row layout every value is the transpose, and a derivative has the rows of its denominator.
What belongs to the second head of S is called S^2, all of it S^ or S.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from symbptt.data.random_values import random
from symbptt.model.values import Model, Role
from symbptt.unroll.graph import steps
from symbptt.verify.interpreter import evaluate
from symbptt.verify.objective import leaves

Array = Any
H = 1e-30
KINDS = ("total", "immediate", "equation", "adjoint")
"""All steps anew; one step anew, a loss with its states fixed; one equation anew; all steps anew, the states of one fixed."""


class Oracle:
    """Values and derivatives of a model over T steps in a layout; `stack` is the name of all states together."""

    def __init__(self, model: Model, T: int, layout: str, stack: str) -> None:
        self.model, self.T, self.flip, self.stack = model, T, layout == "row", stack
        assert model.loss is not None
        self.graph, self.loss = steps(model, T), model.loss.target.name
        data = random(model, T=T, N=1, seed=3)
        self.dims, self.leaves = data.dims, leaves(self.graph, data)
        for state in model.states:  # a state that starts from a parameter does so here
            if state.initial is not None:
                self.leaves[state.name, 0] = self.leaves[state.initial, 1]
        self.values = evaluate(self.graph, self.leaves, self.dims)
        self.states = tuple(v.name for v in model.states)
        rng = np.random.default_rng(11)
        self.vectors = {s: rng.standard_normal(self.raw(s, 0).shape) for s in self.states}
        self.starts = {p.name: [s.name for s in model.starting(p)] for p in model.parameters}
        self.jacobian = lru_cache(maxsize=None)(self._jacobian)

    def raw(self, name: str, step: int | None) -> Array:
        """The value of one variable as a column or matrix; a tied parameter has no step."""
        name, head = self.part(name)
        return self.values[name, 1 if step is None else step][0].real[head]

    def part(self, name: str) -> tuple[str, slice]:
        """The name of a variable and the rows of the head that the name asks for: all without one."""
        name, _, head = name.partition("^")
        if not head:
            return name, slice(None)
        M = self.dims[str(self.model.heads)]
        rows = next(value.shape[-2] for (of, _), value in self.values.items() if of == name) // M
        return name, slice((int(head) - 1) * rows, int(head) * rows)

    def laid(self, array: Array) -> Array:
        """A value in the layout."""
        return array.T if self.flip else array

    def names(self, name: str) -> tuple[str, ...]:
        """The variables behind a name: all states for the stack."""
        return self.states if name == self.stack else (name,)

    def value(self, name: str, step: int | None) -> Array:
        """The value of a variable, of all states, or of the loss (of one step, or of all without a step)."""
        if name == self.loss and step is None:
            return sum(self.raw(name, t) for t in self.graph.loss_steps)
        return self.laid(self._stacked(name, [self.raw(m, step) for m in self.names(name)]))

    def _stacked(self, name: str, parts: list[Array]) -> Array:
        """The value of one variable, or those of all states as one column, matrices read row by row as they are shown."""
        whole = name == self.stack != self.states[0]
        return np.concatenate([self.laid(part).reshape(-1, 1) for part in parts]) if whole else parts[0]

    def column(self, name: str) -> Array:
        """The arbitrary column v, or its part for a state."""
        return self.laid(self._stacked(name, [self.vectors[s][rows] for s, rows in map(self.part, self.names(name))]))

    def arbitrary(self, name: str) -> Array:
        """Any value in the shape of a variable, the same each time."""
        whole, head = self.part(name)
        if whole in (*self.states, self.stack):
            return self.column(name)
        shape = next(value.shape[-2:] for (of, _), value in self.values.items() if of == whole)
        return self.laid((np.cos(np.arange(shape[0] * shape[1])).reshape(shape) + 0.3)[head])

    def _jacobian(self, kind: str, of: str, at: int | None, by: str, when: int | None) -> Array:
        """d of / d by for two variables, numerator layout."""
        (of, above), (by, below) = self.part(of), self.part(by)
        shared = when is None
        uses = {(by, t) for t in range(1, self.T + 1)} if shared and kind == "total" else {(by, at if shared else when)}
        uses |= {(state, 0) for state in self.starts.get(by, ())} if kind == "total" else set()
        fixed = {(s, at) for s in self.states} if kind == "immediate" and of == self.loss else set()
        fixed |= {(s, when) for s in self.states} if kind == "adjoint" else set()
        point = self.raw(by, when)
        moves = self.moves(point, below)
        size = len(moves)
        start = dict(self.leaves if kind in ("total", "adjoint") else self.values)
        start |= {key: self.values[key] for key in fixed} | {use: self.values[use] + moves for use in uses}
        anew = tuple(
            a for a in self.graph.assignments
            if (key := (a.variable.name, a.step)) not in uses | fixed
            and (kind in ("total", "adjoint") or (key == (of, at) if kind == "equation" else a.step == at))
        )
        values = evaluate(replace(self.graph, assignments=anew), start, self.dims)
        parts = [values[of, t][..., above, :] for t in (self.graph.loss_steps if at is None else (at,))]
        total = sum(np.broadcast_to(p, (size, 1, *p.shape[-2:])).imag / H for p in parts)
        return np.asarray(total).reshape(size, -1).T

    @staticmethod
    def moves(point: Array, rows: slice) -> Array:
        """An imaginary step of every entry of some rows of a value, each on its own."""
        kept = np.zeros(point.shape, bool)
        kept[rows] = True
        return 1j * H * np.eye(point.size)[kept.ravel()].reshape(-1, 1, *point.shape)

    def derivative(self, kind: str, of: str, at: int | None, by: str, when: int | None) -> Array:
        """The Jacobian in the layout; matrices are read row by row as they are shown."""
        blocks = [[self._block(kind, u, at, v, when) for v in self.names(by)] for u in self.names(of)]
        return np.block([list(row) for row in zip(*blocks, strict=True)] if self.flip else blocks)

    def _block(self, kind: str, of: str, at: int | None, by: str, when: int | None) -> Array:
        found = self.jacobian(kind, of, at, by, when)
        if not self.flip:
            return found
        above, below = ((1, 1) if name == self.loss else self.raw(name, step).shape for name, step in ((of, at), (by, when)))
        return found.reshape(*above, *below).transpose(1, 0, 3, 2).reshape(found.shape).T

    def _shaped(self, rows: Iterable[Array], name: str, step: int | None) -> Array:
        shaped = [row.reshape(self.raw(m, step).shape) for row, m in zip(rows, self.names(name), strict=True)]
        return self.laid(self._stacked(name, shaped))

    def gradient(self, name: str, step: int | None) -> Array:
        """dL/d name in the shape of the value."""
        return self._shaped([self.jacobian("total", self.loss, None, m, step) for m in self.names(name)], name, step)

    def node_adjoint(self, name: str, step: int) -> Array:
        """The gradient of L by a value of a step; zero behind the last one, and for a value of a loss where there is none."""
        there = (self.part(name)[0], step) in self.values
        return self.gradient(name, step) if there else 0 * self.value(name, self.T)

    def step_adjoint(self, name: str, step: int) -> Array:
        """The gradient of L by the states of a step, which do not act on each other inside it."""
        return self._shaped([self.jacobian("adjoint", self.loss, None, m, step) for m in self.names(name)], name, step)

    def loss_gradient(self, name: str, step: int) -> Array:
        """The gradient of L_t by the states of its step."""
        return self._shaped([self.jacobian("immediate", self.loss, step, m, step) for m in self.names(name)], name, step)

    def term(self, t: int, k: int, name: str) -> Array:
        """The term (t, k) of the gradient by a variable: its use at step k, the loss of step t."""
        if name == self.stack and name not in self.states:
            terms = [self.term(t, k, state) for state in self.states]
            return self.laid(self._stacked(name, [self.laid(term) for term in terms]))
        part, (name, rows) = name, self.part(name)
        variable = self.model[name]
        step = 0 if variable.role is Role.STATE else k if variable.timed else None
        point = self.raw(name, step)
        uses = [(state, 0) for state in self.starts.get(name, ())] or [(name, k if step is None else step)]
        moves = self.moves(point, rows)
        values = evaluate(self.graph, {**self.leaves, **{use: self.values[use] + moves for use in uses}}, self.dims)
        found = np.broadcast_to(values[self.loss, t], (len(moves), 1, 1, 1)).imag / H
        return self.laid(found.reshape(self.raw(part, step).shape))
