"""NumPy functions with the loops of a textbook, as lines: what the template lays out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sympy as sp

from symbptt.algebra import tidy
from symbptt.algebra.related import Cotangent, Related
from symbptt.derive.numeric import LOSS_WEIGHT
from symbptt.derive.pullback import loss_pullback
from symbptt.emit.layout import Layout, given_shape_text, shape_text, taken, taken_in
from symbptt.emit.lines import Body, Line, unpacked
from symbptt.emit.lowering import Lowering
from symbptt.emit.opening import Opening
from symbptt.emit.plan import equations
from symbptt.emit.plan.statements import Carry, Gradient, Lagged, Statement, terms
from symbptt.emit.reduced import reduced
from symbptt.emit.tree import ADD, POWER
from symbptt.model.values import Model, Role, Variable


@dataclass(frozen=True)
class Functions:
    """The bodies of a module's functions."""

    forward: Body
    loss: Body | None
    backward: Body


class PlainWriter:
    """Writes the functions of a module for one model; `steps` is None for a loop over any T, `tiled` allows products in tiles.

    `fixed` is the number of steps of a loop where no array tells it.
    """

    tiled = False

    def __init__(self, model: Model, steps: int | None, wanted: tuple[Variable, ...], fixed: int | None = None) -> None:
        self.model, self.steps, self.wanted, self.fixed = model, steps, wanted, fixed
        self.layout = Layout(model, steps is not None)
        self.opening = Opening(self.layout, steps is not None)
        self.lower = Lowering(self.layout.leaf, self.layout.dimension)
        self.names = frozenset(v.name for v in wanted)
        self.starting = tuple((v, s) for v in wanted for s in model.starting(v))
        self.reached = self.names | {s.name for _, s in self.starting}
        self.plan = equations.plan(model, self.names, self.seeded(), self.reached)

    def functions(self) -> Functions:
        """The bodies of all functions."""
        forward, backward = self._forward(), self._backward()
        loss = self._loss() if self.model.loss else None
        return Functions(forward, loss, backward)

    def _size(self, dimension: sp.Expr) -> str:
        return self.lower.size(dimension)

    def _shape(self, variable: Variable) -> str:
        return shape_text(variable, self._size)

    def cell_values(self) -> tuple[Variable, ...]:
        """The variables that the forward pass computes."""
        return tuple(e.target for e in self.model.equations)

    def dimension_lines(self, kept: tuple[Variable, ...] | None = None) -> list[str]:
        """The sizes of named dimensions; those of heads, which arrays inside do not tell, are among the residuals."""
        if kept is not None and self.model.heads is not None:
            return [unpacked(map(self.layout.dimension, self.model.dimensions), 'residuals["_sizes"]')]
        return self.opening.sizes(kept)

    def _steps(self) -> range:
        assert self.steps is not None
        return range(1, self.steps + 1)

    def _line(self, statement: Statement) -> Line:
        """A statement at the present step."""
        key, value, layout = statement.key, statement.values[0], self.layout
        variable = layout.variable(key)
        if isinstance(key, Gradient):
            row = f"[{layout.row(variable)}]" if variable.timed else ""
            of_samples = variable.role is Role.PARAMETER
            text = reduced(self.lower, value, variable, layout) if of_samples else self.lower(value).at(ADD)
            return Line(f"{layout.gradient(variable)}{row} += {text}", statement.numbers)
        if isinstance(key, (Cotangent, Lagged)):
            row = layout.row(variable, int(isinstance(key, Lagged)))
            return Line(f"{layout.cotangent(variable)}[{row}] += {self.lower(value).at(ADD)}", statement.numbers)
        if isinstance(key, Related):
            text = f"np.zeros_like({layout.value(variable)})" if tidy.is_zero(value) else self.lower.whole(value).at(ADD)
            return Line(f"{layout.name(key)} = {text}", statement.numbers)
        code = self.lower(value)
        text = code.at(ADD)
        if not (layout.stores(variable) or (code.full and code.batched)):  # what is no row of an array gets a value per sample
            text = f"np.broadcast_to({text}, (N, {self._shape(variable)}))"
        return Line(f"{layout.value(variable)} = {text}", statement.numbers)

    def _forward(self) -> Body:
        layout, stored = self.layout, self.cell_values()
        statements = self.plan.forward[0].statements
        if self.steps is None:
            before = [
                Line(f"{layout.array(v)} = np.empty((T{' + 1' if v.role is Role.STATE else ''}, N, {self._shape(v)}), dtype)")
                for v in dict.fromkeys((*self.model.states, *stored))
            ]
            before += [Line(f"{layout.array(s)}[0] = {self._initial(s)}") for s in self.model.states]
            return Body(tuple(before), tuple(map(self._line, statements)), ())
        lines = [
            Line(f"{layout.names.of(f'{s.name} 0', f'{layout.array(s)}_0')} = {self._initial(s)}") for s in self.model.states
        ]
        for layout.step in self._steps():
            lines.append(Line("", comment=f"step {layout.step}"))
            lines += map(self._line, statements)
        layout.step = None
        lines.append(Line(""))
        for v in dict.fromkeys((*self.model.states, *stored)):
            rows = f"T{' + 1' if v.role is Role.STATE else ''}"
            names = ", ".join(self._step_names(v))
            lines.append(Line(f"{layout.array(v)} = _stacked(({names},), ({rows}, N, {self._shape(v)}), dtype)"))
        return Body(tuple(lines), (), ())

    def _step_names(self, variable: Variable) -> list[str]:
        first = 0 if variable.role is Role.STATE else 1
        return [self.layout.names.of(f"{variable.name} {s}") for s in range(first, len(self._steps()) + 1)]

    def steps_of(self, variables: tuple[Variable, ...]) -> list[str]:
        """Unrolled code calls the value of each step by a name of its own."""
        return [] if self.steps is None else [unpacked(self._step_names(v), self.layout.array(v)) for v in variables]

    def _initial(self, state: Variable) -> str:
        shape = f"(N{given_shape_text(state, self._size) or ','})"
        start = "" if state.initial is None else f', parameters["{state.initial}"]'
        return f'_initial(states, "{state.name}", {shape}, dtype{start}){self._inside(state)}'

    def _inside(self, state: Variable) -> str:
        """What turns an initial state of the file's shape into the array inside."""
        return taken_in(state) if state.heads is None else f".reshape(N, {self._shape(state)})"

    def seeded(self) -> frozenset[str]:
        """The values that get cotangents: the outputs, and what the loss reads."""
        names = {v.name for v in self.model.outputs}
        for equation in self.model.loss.equations if self.model.loss else ():
            names |= {s.name for s in equation.value.atoms(sp.MatrixSymbol)}
        return frozenset(e.target.name for e in self.model.equations if e.target.name in names)

    def target_line(self, variable: Variable) -> str:
        """How a target becomes an array of numbers."""
        name = self.layout.array(variable)
        if len(variable.shape) == 1:
            return f'{name} = _target(targets["{variable.name}"], {self._size(variable.rows)}, dtype)'
        given = f'np.asarray(targets["{variable.name}"]).astype(dtype, copy=False)'
        return f"{name} = {taken(variable, given)}"

    def seed_lines(self, seeded: list[Variable]) -> list[str]:
        """The cotangents that the backward pass starts from."""
        layout = self.layout
        return [f'{layout.cotangent(v)} = _seed(cotangents, "{v.name}", {layout.array(v)}.shape, dtype)' for v in seeded]

    def _backward(self) -> Body:
        layout, block = self.layout, self.plan.backward[0]
        carried = [s for s in self.model.states if Carry(s.at()) in block.keys]
        before = [Line(f"{layout.gradient(v)} = {self._zero_gradient(v)}") for v in self.wanted if v.role is not Role.STATE]
        if self.steps is None:
            before += [Line(f"{layout.carry(s)} = np.zeros((N, {self._shape(s)}), dtype)") for s in carried]
            return Body(tuple(before), tuple(map(self._line, block.statements)), tuple(self._state_gradients(carried)))
        lines = before
        for layout.step in reversed(self._steps()):
            lines.append(Line("", comment=f"step {layout.step}"))
            lines += map(self._line, map(_at_end, block.statements) if layout.step == self.steps else block.statements)
        layout.step = None
        lines.append(Line(""))
        return Body(tuple(lines), (), tuple(self._state_gradients(carried)))

    def _zero_gradient(self, variable: Variable) -> str:
        if variable.role is Role.PARAMETER:
            return f"np.zeros({self.layout.array(variable)}.shape, dtype)"
        return f"np.zeros((T, N, {self._shape(variable)}), dtype)"

    def _state_gradients(self, carried: list[Variable]) -> list[Line]:
        lines = []
        for s in self.wanted:
            if s.role is Role.STATE:
                lines.append(Line(f"{self.layout.gradient(s)} = {self._at_start(s, carried)}"))
        for v, s in self.starting:
            added = Line(f"{self.layout.gradient(v)} += ({self._at_start(s, carried)}).sum(axis=0)")
            lines.append(Line(f'if "{s.name}" in residuals["_started"]:', body=(added,)))
        return lines

    def _at_start(self, state: Variable, carried: list[Variable]) -> str:
        """What arrives at an initial state."""
        carry = f" + {self.layout.carry(state)}" if state in carried else ""
        return f"{self.layout.cotangent(state)}[0]{carry}"

    def loss_reads(self) -> tuple[Variable, ...]:
        """The cell's values that the loss reads, lagged ones included."""
        assert self.model.loss is not None
        pullback = loss_pullback(self.model)
        names = {leaf.name for leaf in pullback.leaves}
        return tuple(v for v in dict.fromkeys((*self.cell_values(), *self.model.states)) if v.name in names)

    def loss_direct(self) -> tuple[Variable, ...]:
        """The wanted variables that the loss reads directly."""
        pullback = loss_pullback(self.model)
        return tuple(v for v in self.wanted if v.role is not Role.STATE and v.at() in pullback.leaves)

    def _loss(self) -> Body:
        layout, loss = self.layout, self.model.loss
        assert loss is not None
        before = []
        for v in self.loss_reads():
            rows = "T + 1" if v.role is Role.STATE else "T"
            before.append(Line(f"{layout.cotangent(v)} = np.zeros(({rows}, N, {self._shape(v)}), dtype)"))
        direct = self.loss_direct()
        before += [Line(f"{layout.gradient(v)} = {self._zero_gradient(v)}") for v in direct]
        before.append(Line("loss = np.zeros((), dtype)"))
        made = [s for s in equations.loss(self.model).statements if not isinstance(s.key, Gradient)
                or (layout.variable(s.key) in direct and not tidy.is_zero(s.values[0]))]
        if self.steps is None:
            return Body(tuple(before), tuple(self._loss_step(made)), ())
        lines = before
        for layout.step in self._steps() if loss.at == "every" else (self.steps,):
            lines.append(Line("", comment=f"step {layout.step}"))
            lines += self._loss_step(made)
        layout.step = None
        return Body(tuple(lines), (), ())

    def _loss_step(self, statements: list[Statement]) -> Iterator[Line]:
        """The lines of a step; the loss itself has a name where another statement reads it."""
        assert self.model.loss is not None
        target = self.model.loss.target
        named = any(read == target.at() for s in statements for read, _ in s.reads)
        for s in statements:
            if s.key != target.at() or named:
                yield self._line(s)
            if s.key == target.at():
                value = self.layout.value(target) if named else self.lower(s.values[0]).at(POWER)
                yield Line(f"loss += ({self.layout.leaf(LOSS_WEIGHT).text} * {value}).sum()", s.numbers)


def _at_end(statement: Statement) -> Statement:
    """What a statement is at the last step, to which nothing is passed back."""
    value = statement.values[0]
    return statement.having(tidy.add(sp.ZeroMatrix(*value.shape), *(t for t in terms(value) if not isinstance(t, Carry))))


Parts = dict[str, tuple[Body | None, str]]
"""Bodies by name, each with the range of its loop: the body called x goes with the opening lines x_open."""


@dataclass(frozen=True)
class Variant:
    """`options` is what the command line takes to ask for it, `suffix` goes into the file's name.

    `extend` adds to the template's values and to the parts before they become text.
    """

    template: str
    options: str
    suffix: str
    extend: Callable[[PlainWriter, dict[str, Any], Parts], None]
