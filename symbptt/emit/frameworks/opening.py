"""The lines with which a function reads what it was given: arrays, their dtype, T, N and the sizes of dimensions."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symbptt.emit.frameworks.libraries import Library
from symbptt.emit.layout import Layout, given_shape_text, inner_axes, joins_heads, taken
from symbptt.emit.lines import Line, opened
from symbptt.model.dimensions import Source, sources
from symbptt.model.values import Model, Role, Variable


@dataclass(frozen=True)
class Opening:
    """Reads the dicts `parameters`, `inputs` and `states`."""

    layout: Layout
    library: Library

    @property
    def model(self) -> Model:
        """The model."""
        return self.layout.model

    def size(self, expression: sp.Expr) -> str:
        """A dimension as text."""
        names = {s: sp.Symbol(self.layout.dimension(s.name)) for s in expression.free_symbols}
        return str(expression.xreplace(names))

    def lines(self) -> list[Line]:
        """Everything that can be read; the caller drops what it does not need."""
        model, layout = self.model, self.layout
        given = (*model.parameters, *model.buffers)
        inputs = model.of(Role.INPUT)
        made = [self.library.kind]
        arrays = (*given, *(v for v in inputs if not v.classes))
        made += [f"{layout.array(v)} = {taken(v, self._given(v))}" for v in arrays]
        made.append(f"T, N = {self._clock(inputs, given)}")
        found = sources((*given, *inputs), model.states)
        made += [f"{layout.dimension(name)} = {self._told(source)}" for name, source in found.items()]
        for v in inputs:
            if v.classes:
                made.append(f'{layout.array(v)} = _one_hot(inputs["{v.name}"], {self.size(v.rows)}, dtype)')
        return opened(made)

    def _clock(self, inputs: tuple[Variable, ...], given: tuple[Variable, ...]) -> str:
        if inputs:
            first = inputs[0]
            return f'inputs["{first.name}"].shape' if first.classes else f"{self.layout.array(first)}.shape[:2]"
        untied = [v for v in given if v.timed]
        T = f"len({self.layout.array(untied[0])})" if untied else "STEPS"
        return f"{T}, len(next(iter(states.values()))) if states else 1"

    def _given(self, variable: Variable) -> str:
        """An array of the file's shape, as it is given."""
        group = "inputs" if variable.role is Role.INPUT else "parameters"
        return f'_array({group}["{variable.name}"], dtype)'

    def _told(self, source: Source) -> str:
        """The size that a source tells; initial states are read as they are given, other arrays as they are inside."""
        v = source.variable
        if v.role is Role.STATE:
            text = f'states["{v.name}"].shape[{1 + source.axis}]'
        else:
            leading = int(v.timed) if v.role in (Role.PARAMETER, Role.BUFFER) else 2
            axis = source.axis if joins_heads(v) else inner_axes(v).index(source.axis)
            text = f"{self._given(v) if joins_heads(v) else self.layout.array(v)}.shape[{leading + axis}]"
        return self.layout.told(source, text)

    def initial(self, state: Variable, name: str) -> str:
        """The line that sets a state's initial value."""
        shape = f"(N{given_shape_text(state, self.size) or ','})"
        start = "0.0" if state.initial is None else f'parameters["{state.initial}"]'
        given = f'_initial(states, "{state.name}", {shape}, {start}, {self.library.like})'
        return f"{name} = {taken(state, given)}"

    def target(self, variable: Variable) -> str:
        """The line that reads a target; integers stand for classes."""
        name, given = self.layout.array(variable), f'targets["{variable.name}"]'
        if len(variable.shape) == 1:
            return f"{name} = {taken(variable, f'_target({given}, {self.size(variable.rows)}, dtype)')}"
        return f"{name} = {taken(variable, f'_array({given}, dtype)')}"
