"""Where values live in a module: arrays over all steps, (T, ...), and the locals of one step."""

from __future__ import annotations

from dataclasses import dataclass, field

import sympy as sp

from symbptt.algebra.nodes import TIME
from symbptt.algebra.related import Adjoint, Cotangent, LossWeight, Related
from symbptt.emit.code import Code, place
from symbptt.emit.fast.plan import Carry, Gradient, Hoisted, Key, is_untied, key_of, step_of, variable_of
from symbptt.emit.layout import Layout, array_rank
from symbptt.model.values import Role, Variable


class Lagged(Related):
    """What a loss passes to a value of the step before."""

    mark = "lag"


Read = tuple[Key, int]
"""A key and how many steps away it is read: -1 for h[t-1], 1 for what step t+1 passes back."""


@dataclass
class Place:
    """Names of one module. With `last` only the last step is meant (a loss at the last step)."""

    layout: Layout
    last: bool = False
    final: set[Key] = field(default_factory=set)
    """Carries of which only the last value is kept, as they leave their loop."""
    turned: dict[str, str] = field(default_factory=dict)
    """Tied parameters that the steps of a loop need transposed, with the names of their transposes."""

    def variable(self, key: Key) -> Variable:
        """The variable that gives a value its shape."""
        return variable_of(self.layout.model, key)

    def name(self, key: Key) -> str:
        """The Python name of a value."""
        if isinstance(key, LossWeight):
            return "weight"
        layout, variable = self.layout, self.variable(key)
        if not isinstance(key, Related):
            return layout.array(variable)
        if isinstance(key, Hoisted):
            return layout.names.of(key.name, self.name(key.primal) + "_in")
        if isinstance(key, (Carry, Lagged)):
            return layout.names.of(key.name, f"{'d' if isinstance(key, Carry) else 'c'}_{variable.name}_prev")
        known = {Adjoint: layout.adjoint, Cotangent: layout.cotangent, Gradient: layout.gradient}
        return known[type(key)](variable)

    def local(self, read: Read) -> str:
        """The name of a value inside a step."""
        key, away = read
        if away == 0:
            return self.name(key)
        if away > 0:
            return self.layout.carry(self.variable(key))
        return self.layout.names.of(f"{key.name} before", f"{self.name(key)}_prev")

    def rows(self, read: Read) -> str:
        """The array with the value for every step."""
        key, away = read
        name = self.name(key)
        if away > 0:
            return f'_later({name}, cotangents.get("{self.variable(key).name} after"))'
        if self.is_state(key):
            if self.last:
                return f"{name}[-2:-1]" if away else f"{name}[-1:]"
            return f"{name}[:-1]" if away else f"{name}[1:]"
        return f"{name}[-1:]" if self.last else name

    def is_state(self, key: Key) -> bool:
        """Whether a key is a state, whose array has a row for step 0."""
        return not isinstance(key, Related) and self.variable(key).role is Role.STATE

    def turn(self, array: str) -> str | None:
        """The name of the transpose of a tied parameter, which is the same at every step; None for another array."""
        if array in {self.layout.array(v) for v in self.layout.model.parameters if v.tied}:
            return self.turned.setdefault(array, self.layout.names.of(f"transposed {array}", f"{array}_T"))
        return None

    def untied(self, key: Key) -> bool:
        """Whether a value has steps but no samples."""
        return is_untied(self.layout.model, key)

    def in_step(self, symbol: sp.MatrixSymbol) -> Code:
        """The code of a symbol inside a step."""
        return self._code(symbol, self.local(read_of(symbol)), shared=self.untied(key_of(symbol)))

    def in_rows(self, symbol: sp.MatrixSymbol) -> Code:
        """The code of a symbol for all steps."""
        rows = self.rows(read_of(symbol))
        return self._code(symbol, f"{rows}[:, None]" if self.untied(key_of(symbol)) else rows, shared=False)

    def _code(self, symbol: sp.MatrixSymbol, text: str, shared: bool) -> Code:
        if isinstance(symbol, LossWeight):
            return place(text, True, 1)
        variable = self.variable(symbol)
        if not isinstance(symbol, Related) and not variable.timed:
            return place(self.name(symbol), False, array_rank(variable))
        return place(text, not shared, array_rank(variable))


def read_of(symbol: sp.MatrixSymbol) -> Read:
    """What a symbol of a template reads."""
    return key_of(symbol), int(step_of(symbol) - TIME)
