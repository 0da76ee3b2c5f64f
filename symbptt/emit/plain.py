"""NumPy functions with the loops of a textbook, as lines: what the template lays out."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symbptt.algebra.nodes import TIME
from symbptt.derive.numeric import LOSS_WEIGHT
from symbptt.derive.pullback import Pullback, cell_pullback, loss_pullback
from symbptt.derive.recursion import recursion
from symbptt.emit import step_lines
from symbptt.emit.layout import Layout, given_shape_text, inner_axes, shape_text, taken, taken_in
from symbptt.emit.lines import Body, Line, Note, unpacked
from symbptt.emit.lowering import Lowering
from symbptt.emit.tree import POWER
from symbptt.model.dimensions import Source, sources
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
        self.lower = Lowering(self.layout.leaf, self.layout.dimension)
        self.names = frozenset(v.name for v in wanted)
        self.starting = tuple((v, s) for v in wanted for s in model.starting(v))
        self.reached = self.names | {s.name for _, s in self.starting}

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
        """The sizes of named dimensions, read off parameters and inputs, and off `kept`, the arrays that residuals hold.

        Without residuals, initial states tell what is left open; they are read only then, since they may be left out.
        """
        if kept is not None and self.model.heads is not None:
            return [unpacked(map(self.layout.dimension, self.model.dimensions), 'residuals["_sizes"]')]
        given = self.model.of(Role.PARAMETER, Role.BUFFER, Role.INPUT)
        found = sources(given, self.model.states if kept is None else kept)
        return [f"{self.layout.dimension(name)} = {self._told(source, kept is None)}" for name, source in found.items()]

    def _told(self, source: Source, initial: bool) -> str:
        """The size that a source tells; initial states are read as they are given, other arrays as they are inside."""
        v = source.variable
        leading = int(v.timed) if v.role in (Role.PARAMETER, Role.BUFFER) else 2
        if v.heads is not None:
            text = f'np.asarray({v.role.group}["{v.name}"]).shape[{leading + source.axis}]'
        else:
            text = f"{self.layout.array(v)}.shape[{leading + inner_axes(v).index(source.axis)}]"
        if v.role is Role.STATE and initial:
            text = f'np.asarray(states["{v.name}"]).shape[{1 + source.axis}]'
        return self.layout.told(source, text)

    def _steps(self) -> range:
        assert self.steps is not None
        return range(1, self.steps + 1)

    def _forward(self) -> Body:
        layout, lower = self.layout, self.lower
        stored = self.cell_values()
        if self.steps is None:
            before = [
                Line(f"{layout.array(v)} = np.empty((T{' + 1' if v.role is Role.STATE else ''}, N, {self._shape(v)}), dtype)")
                for v in dict.fromkeys((*self.model.states, *stored))
            ]
            before += [Line(f"{layout.array(s)}[0] = {self._initial(s)}") for s in self.model.states]
            loop = step_lines.forward_step(self.model, layout, lower)
            return Body(tuple(before), tuple(loop), ())
        lines = [
            Line(f"{layout.names.of(f'{s.name} 0', f'{layout.array(s)}_0')} = {self._initial(s)}") for s in self.model.states
        ]
        for layout.step in self._steps():
            lines.append(Line("", comment=f"step {layout.step}"))
            lines += step_lines.forward_step(self.model, layout, lower)
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
        for equation in step_lines.loss_equations(self.model):
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
        layout, model = self.layout, self.model
        pullback = cell_pullback(model, self.reached)
        carried = [s for s in model.states if s.at(TIME - 1) in pullback.leaves]
        before = [Line(f"{layout.gradient(v)} = {self._zero_gradient(v)}") for v in self.wanted if v.role is not Role.STATE]
        seeded = self.seeded()
        if self.steps is None:
            before += [Line(f"{layout.carry(s)} = np.zeros((N, {self._shape(s)}), dtype)") for s in carried]
            loop = self._step_lines(pullback, seeded, False)
            return Body(tuple(before), tuple(loop), tuple(self._state_gradients(carried)))
        lines = before
        for layout.step in reversed(self._steps()):
            lines.append(Line("", comment=f"step {layout.step}"))
            lines += self._step_lines(pullback, seeded, layout.step == self.steps)
        layout.step = None
        lines.append(Line(""))
        return Body(tuple(lines), (), tuple(self._state_gradients(carried)))

    def _step_lines(self, pullback: Pullback, seeded: frozenset[str], last: bool) -> list[Line]:
        model, layout, lower = self.model, self.layout, self.lower
        lines = step_lines.backward_step(model, layout, lower, pullback, seeded, last)
        lines += step_lines.accumulate(model, layout, lower, pullback.leaves, self.names)
        return lines + step_lines.carries(model, layout, lower, pullback.leaves)

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
        layout, model = self.layout, self.model
        assert model.loss is not None
        pullback = loss_pullback(model)
        before = []
        for v in self.loss_reads():
            rows = "T + 1" if v.role is Role.STATE else "T"
            before.append(Line(f"{layout.cotangent(v)} = np.zeros(({rows}, N, {self._shape(v)}), dtype)"))
        before += [Line(f"{layout.gradient(v)} = {self._zero_gradient(v)}") for v in self.loss_direct()]
        before.append(Line("loss = np.zeros((), dtype)"))
        if self.steps is None:
            return Body(tuple(before), tuple(self._loss_step(pullback)), ())
        lines = before
        for layout.step in self._steps() if model.loss.at == "every" else (self.steps,):
            lines.append(Line("", comment=f"step {layout.step}"))
            lines += self._loss_step(pullback)
        layout.step = None
        return Body(tuple(lines), (), ())

    def _loss_step(self, pullback: Pullback) -> list[Line]:
        layout, lower, model = self.layout, self.lower, self.model
        equations = step_lines.loss_equations(model)
        lines = [
            Line(f"{layout.value(e.target)} = {step_lines.computed(e, layout, lower)}", (Note(e.number),)) for e in equations[:-1]
        ]
        last, value, notes = equations[-1].target, lower(equations[-1].value).at(POWER), (Note(equations[-1].number),)
        formulas = (*dict(pullback.adjoints).values(), *pullback.leaves.values())
        if any(last.at() in formula.atoms(sp.MatrixSymbol) for formula in formulas):
            lines.append(Line(f"{layout.value(last)} = {step_lines.computed(equations[-1], layout, lower)}", notes))
            value = layout.value(last)
        lines.append(Line(f"loss += ({layout.leaf(LOSS_WEIGHT).text} * {value}).sum()", notes))
        numbers = recursion(model)
        for variable, value in pullback.adjoints:
            lines.append(
                Line(f"{layout.adjoint(variable)} = {lower.whole(value).at(0)}", (Note(numbers.adjoint_number(variable.name)),))
            )
        for leaf, value in pullback.leaves.items():
            variable = model[leaf.name]
            if variable.role in (Role.LOCAL, Role.STATE):
                row = layout.row(variable, 0 if leaf == variable.at() else 1)
                notes = (Note(numbers.adjoint_number(variable.name)),)
                lines.append(Line(f"{layout.cotangent(variable)}[{row}] += {lower(value).at(0)}", notes))
        return lines + step_lines.accumulate(model, layout, lower, pullback.leaves, self.names)
