"""Where values live in a module: arrays over all steps, (T, ...), and the locals of one step."""

from __future__ import annotations

from dataclasses import dataclass, field

import sympy as sp

from symbptt.algebra.nodes import TIME
from symbptt.algebra.related import Related
from symbptt.derive.numeric import WEIGHT
from symbptt.emit.code import Code
from symbptt.emit.fast.plan import ADJOINT, CARRY, GRADIENT, HOISTED, OUT, is_untied, variable_of
from symbptt.emit.layout import Layout, array_rank
from symbptt.emit.scalars import ATOM
from symbptt.model.values import Role, Variable


class Lagged(Related):
    """What a loss passes to a value of the step before."""

    mark = "lag"


LAGGED = f"{Lagged.mark}:"
"""How the keys of such values begin."""

Read = tuple[str, int]
"""A key and how many steps away it is read: -1 for h[t-1], 1 for what step t+1 passes back."""


@dataclass
class Place:
    """Names of one module. With `last` only the last step is meant (a loss at the last step)."""

    layout: Layout
    last: bool = False
    final: set[str] = field(default_factory=set)
    """Carries of which only the last value is kept, as they leave their loop."""

    def variable(self, key: str) -> Variable:
        """The variable that gives a value its shape."""
        return variable_of(self.layout.model, key)

    def name(self, key: str) -> str:
        """The Python name of a value."""
        if key == WEIGHT.name:
            return "weight"
        prefix, _, rest = key.partition(":")
        prefix += ":" if rest else ""
        if not rest:
            return self.layout.array(self.variable(key))
        if prefix == HOISTED:
            return self.layout.names.of(key, self.name(rest) + "_in")
        if prefix == CARRY:
            return self.layout.names.of(key, f"d_{rest}_prev")
        if prefix == LAGGED:
            return self.layout.names.of(key, f"c_{rest}_prev")
        known = {ADJOINT: self.layout.adjoint, OUT: self.layout.cotangent, GRADIENT: self.layout.gradient}
        return known[prefix](self.variable(key))

    def local(self, read: Read) -> str:
        """The name of a value inside a step."""
        key, away = read
        if away == 0:
            return self.name(key)
        if away > 0:
            return self.layout.carry(self.variable(key))
        return self.layout.names.of(f"{key} before", f"{self.name(key)}_prev")

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

    def is_state(self, key: str) -> bool:
        """Whether a key is a state, whose array has a row for step 0."""
        return ":" not in key and self.variable(key).role is Role.STATE

    def untied(self, key: str) -> bool:
        """Whether a value has steps but no samples."""
        return key != WEIGHT.name and is_untied(self.layout.model, key)

    def in_step(self, symbol: sp.MatrixSymbol) -> Code:
        """The code of a symbol inside a step."""
        return self._code(symbol, self.local(read_of(symbol)), shared=self.untied(symbol.name))

    def in_rows(self, symbol: sp.MatrixSymbol) -> Code:
        """The code of a symbol for all steps."""
        rows = self.rows(read_of(symbol))
        return self._code(symbol, f"{rows}[:, None]" if self.untied(symbol.name) else rows, shared=False)

    def _code(self, symbol: sp.MatrixSymbol, text: str, shared: bool) -> Code:
        if symbol.name == WEIGHT.name:
            return Code(text, ATOM, True, 1)
        variable = self.variable(symbol.name)
        if symbol.name == variable.name and not variable.timed:
            return Code(self.name(symbol.name), ATOM, False, array_rank(variable))
        return Code(text, ATOM, not shared, array_rank(variable))


def read_of(symbol: sp.MatrixSymbol) -> Read:
    """What a symbol of a template reads."""
    return symbol.name, int(getattr(symbol, "step", TIME) - TIME)
