"""What a function prepares once: transposed and stacked weights, numbers, and the arrays for intermediate results."""

from __future__ import annotations

from dataclasses import dataclass, field

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import build
from symbptt.emit.fast.place import Arrays
from symbptt.emit.fast.plan import symbols
from symbptt.emit.lowering import Lowering
from symbptt.emit.scalars import ADD, TIMES

WORDS = {sp.S.Zero: "zero", sp.S.One: "one", sp.Rational(1, 2): "half", sp.Integer(2): "two"}
"""Names of numbers."""


@dataclass
class Constants:
    """Lines that a function starts with, each under the name that it defines."""

    arrays: Arrays
    lower: Lowering
    lines: dict[str, str] = field(default_factory=dict)

    def _named(self, key: str, wish: str, text: str) -> str:
        name = self.arrays.storage.layout.names.of("prepared " + key, wish)
        self.lines.setdefault(name, f"{name} = {text}")
        return name

    def number(self, value: sp.Expr) -> str:
        """A number of the arrays' type: NumPy takes it faster than a Python number."""
        text, _ = self.lower.number(value)
        return self._named(text, WORDS.get(value, "number"), f"np.array({text}, dtype)")

    def values(self, values: tuple[MatrixExpr, ...]) -> str:
        """Formulas of parameters alone, (n,) or stacked (G, 1, n)."""
        texts = [self.lower(v) for v in values]
        if len(values) == 1:
            code = texts[0]
            if isinstance(values[0], sp.MatrixSymbol):
                return code.text
            if not symbols(values[0]):
                number, parts = build.split_number(values[0])
                if len(parts) == 1 and isinstance(parts[0], sp.matrices.expressions.special.OneMatrix):
                    return self.number(number)
            return self._named(code.at(ADD), "constant", f"np.array({code.at(ADD)}, dtype)")
        if len({t.at(ADD) for t in texts}) == 1 and not symbols(values[0]):
            return self.values(values[:1])
        joined = ", ".join(t.at(ADD) for t in texts)
        return self._named(joined, self._joined(values), f"np.array(({joined}), dtype)[:, None]")

    def weights(self, values: tuple[MatrixExpr, ...], weights: list[MatrixExpr]) -> str:
        """The weights of number * W v for the row-wise product v W^T: (n, m), or stacked (G, n, m), in one piece."""
        parts = []
        for value, weight in zip(values, weights, strict=True):
            number, _ = build.split_number(value)
            turned = build.transpose(weight)
            parts.append(self.lower(turned if number == 1 else build.scale(number, turned)).at(ADD))
        if len(parts) == 1:
            plain = not isinstance(weights[0], sp.Transpose)
            wish = self.lower(weights[0] if plain else weights[0].arg).text + ("_T" if plain else "")
            if parts[0] == wish:
                return wish
            return self._named(parts[0], wish, f'np.array({parts[0]}, dtype, order="C")')
        joined = ", ".join(parts)
        return self._named(joined, self._joined(tuple(weights)), f"np.array(({joined}), dtype)")

    def stacked_transposes(self, weights: tuple[MatrixExpr, ...]) -> str:
        """W_1, ..., W_G as they are, (G, n, m): a row times W is W^T times a column."""
        joined = ", ".join(self.lower(w).at(TIMES) for w in weights)
        return self._named("as they are " + joined, self._joined(weights), f"np.array(({joined}), dtype)")

    def _joined(self, values: tuple[MatrixExpr, ...]) -> str:
        """W_i, W_f, W_g -> W_ifg: what the names share, then what tells them apart."""
        names = [sorted(s.name for s in symbols(v))[0] for v in values]
        start = names[0]
        while not all(n.startswith(start) for n in names):
            start = start[:-1]
        tails = "".join(n[len(start) :] for n in names)
        return start + tails if start and len(start + tails) < 28 else "stacked"

    def scratch(self, shape: str, number: int) -> str:
        """An array for intermediate results."""
        key, names = f"scratch {shape} {number}", self.arrays.storage.layout.names
        count = next(i for i in range(1, 1000) if f"part_{i}" not in names.taken)
        return self._named(key, f"part_{count}", f"np.empty(({shape}), dtype)")

    def part(self, name: str, start: int, stop: int) -> str:
        """name[start:stop], named once."""
        return self._named(f"{name} {start}:{stop}", f"{name}_{start}_{stop}", f"{name}[{start}:{stop}]")

    def item(self, name: str, index: int) -> str:
        """name[index], named once."""
        return self._named(f"{name} {index}", f"{name}_{index}", f"{name}[{index}]")
