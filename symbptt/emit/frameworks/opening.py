"""The opening of a function of JAX or PyTorch."""

from dataclasses import dataclass

import sympy as sp

from symbptt.emit import opening
from symbptt.emit.frameworks.libraries import Library
from symbptt.emit.layout import given_shape_text, taken
from symbptt.emit.lines import Line, opened
from symbptt.model.values import Role, Variable


@dataclass(frozen=True, kw_only=True)
class Opening(opening.Opening):
    """Reads arrays of a library, in one precision."""

    library: Library

    @property
    def telling(self) -> tuple[Variable, ...]:
        return (*self.learned, *self.inputs)

    def size(self, expression: sp.Expr) -> str:
        """A dimension as text."""
        names = {s: sp.Symbol(self.layout.dimension(s.name)) for s in expression.free_symbols}
        return str(expression.xreplace(names))

    def given(self, variable: Variable) -> str:
        text = f'{variable.role.group}["{variable.name}"]'
        return text if variable.role is Role.STATE else f"_array({text}, dtype)"

    def clock(self) -> str:
        first = self.inputs[0] if self.inputs else None
        return f'T, N = inputs["{first.name}"].shape' if first and first.classes else super().clock()

    def lines(self) -> list[Line]:
        """Everything that can be read; the caller drops what it does not need."""
        classes = [v for v in self.inputs if v.classes]
        rows = [f'{self.layout.array(v)} = _one_hot(inputs["{v.name}"], {self.size(v.rows)}, dtype)' for v in classes]
        arrays = self.arrays(v for v in (*self.learned, *self.inputs) if not v.classes)
        return opened([self.library.kind, *arrays, self.clock(), *self.sizes(), *rows])

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
        return f"{name} = {taken(variable, self.given(variable))}"
