"""Where values live in a module: arrays over all steps, (T, ...), and the locals of one step."""

from dataclasses import dataclass, field

import sympy as sp

from symbptt.algebra.nodes import TIME
from symbptt.algebra.related import LossWeight, Related
from symbptt.emit.code import Code, place
from symbptt.emit.layout import SUFFIXES, Layout, array_rank
from symbptt.emit.plan.statements import Carry, Hoisted, Key, Lagged, key_of, step_of
from symbptt.model.values import Role

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

    def name(self, key: Key) -> str:
        """The Python name of a value."""
        if isinstance(key, (Carry, Lagged)):
            wish = f"{'d' if isinstance(key, Carry) else 'c'}_{self.layout.variable(key).name}_prev"
            return self.layout.names.of(key.name, wish)
        if isinstance(key, Hoisted):
            return self.layout.names.of(key.name, self.name(key.primal) + SUFFIXES[Hoisted])
        return "weight" if isinstance(key, LossWeight) else self.layout.name(key)

    def local(self, read: Read) -> str:
        """The name of a value inside a step."""
        key, away = read
        if away == 0:
            return self.name(key)
        if away > 0:
            return self.layout.carry(self.layout.variable(key))
        return self.layout.names.of(f"{key.name} before", f"{self.name(key)}_prev")

    def rows(self, read: Read) -> str:
        """The array with the value for every step."""
        key, away = read
        name = self.name(key)
        if away > 0:
            return f'_later({name}, cotangents.get("{self.layout.variable(key).name} after"))'
        if self.is_state(key):
            if self.last:
                return f"{name}[-2:-1]" if away else f"{name}[-1:]"
            return f"{name}[:-1]" if away else f"{name}[1:]"
        return f"{name}[-1:]" if self.last else name

    def is_state(self, key: Key) -> bool:
        """Whether a key is a state, whose array has a row for step 0."""
        return not isinstance(key, Related) and self.layout.variable(key).role is Role.STATE

    def turn(self, array: str) -> str | None:
        """The name of the transpose of a tied parameter, which is the same at every step; None for another array."""
        if array in {self.layout.array(v) for v in self.layout.model.parameters if v.tied}:
            return self.turned.setdefault(array, self.layout.names.of(f"transposed {array}", f"{array}_T"))
        return None

    def in_step(self, symbol: sp.MatrixSymbol) -> Code:
        """The code of a symbol inside a step."""
        return self._code(symbol, self.local(read_of(symbol)), shared=self.layout.untied(key_of(symbol)))

    def in_rows(self, symbol: sp.MatrixSymbol) -> Code:
        """The code of a symbol for all steps."""
        rows = self.rows(read_of(symbol))
        return self._code(symbol, f"{rows}[:, None]" if self.layout.untied(key_of(symbol)) else rows, shared=False)

    def _code(self, symbol: sp.MatrixSymbol, text: str, shared: bool) -> Code:
        if isinstance(symbol, LossWeight):
            return place(text, True, 1)
        variable = self.layout.variable(symbol)
        if not isinstance(symbol, Related) and not variable.timed:
            return place(self.name(symbol), False, array_rank(variable))
        return place(text, not shared, array_rank(variable))


def read_of(symbol: sp.MatrixSymbol) -> Read:
    """What a symbol of a template reads."""
    return key_of(symbol), int(step_of(symbol) - TIME)
