"""What a function prepares once: transposed and stacked weights, numbers, and the arrays for intermediate results."""

from dataclasses import dataclass, field

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.emit.fast.operands import Arrays
from symbptt.emit.lowering import Lowering
from symbptt.emit.plan.statements import symbols
from symbptt.emit.tree import ADD, TIMES, Postfix, Tree, Word

WORDS = {sp.S.Zero: "zero", sp.S.One: "one", sp.Rational(1, 2): "half", sp.Integer(2): "two"}
"""Names of numbers."""


@dataclass
class Prepared:
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
        text = self.lower.number(value).at(ADD)
        return self._named(text, WORDS.get(value, "number"), f"np.array({text}, dtype)")

    def ones(self) -> str:
        """A one for each sample of each step: BLAS adds rows faster than NumPy."""
        return self._named("ones", "ones", "np.ones(T * N, dtype)")

    def values(self, values: tuple[MatrixExpr, ...]) -> str:
        """Formulas of parameters alone, (n,) or stacked (G, 1, n)."""
        texts = [self.lower(v) for v in values]
        if len(values) == 1:
            code = texts[0]
            if isinstance(values[0], sp.MatrixSymbol):
                return code.text
            if not symbols(values[0]):
                number, parts = tidy.split_number(values[0])
                if len(parts) == 1 and isinstance(parts[0], sp.matrices.expressions.special.OneMatrix):
                    return self.number(number)
            return self._named(code.at(ADD), "constant", f"np.array({code.at(ADD)}, dtype)")
        if len({t.at(ADD) for t in texts}) == 1 and not symbols(values[0]):
            return self.values(values[:1])
        joined = ", ".join(self.lower.whole(v).at(ADD) for v in values)  # a number stands for all its entries
        return self._named(joined, self._joined(values), f"np.array(({joined}), dtype)[:, None]")

    def weights(self, values: tuple[MatrixExpr, ...], weights: list[MatrixExpr]) -> str:
        """The weights of number * W v for the row-wise product v W^T: (n, m), or stacked (G, n, m), in one piece."""
        parts = [self._turned(v, w).at(ADD) for v, w in zip(values, weights, strict=True)]
        if len(parts) == 1:
            plain = not isinstance(weights[0], sp.Transpose)
            wish = self.lower(weights[0] if plain else weights[0].arg).text + ("_T" if plain else "")
            if parts[0] == wish:
                return wish
            return self._named(parts[0], wish, f'np.array({parts[0]}, dtype, order="C")')
        joined = ", ".join(parts)
        return self._named(joined, self._joined(tuple(weights)), f"np.array(({joined}), dtype)")

    def for_steps(
        self, values: tuple[MatrixExpr, ...], weights: list[MatrixExpr], out: str, lines: dict[str, str]
    ) -> tuple[str, str, str]:
        """The call, the weights and the array of a product of one step, `out` being a buffer that `lines` make."""
        turned, names, wish = self._turned(values[0], weights[0]), self.arrays.storage.layout.names, "weights"
        if isinstance(turned, Postfix) and isinstance(turned.inner, Word):
            wish = f"{turned.inner.text}_T"
        elif isinstance(turned, Word):
            wish = turned.text
        text = turned.at(ADD)
        call, stacked, cut = (
            names.of(f"{wish} {text} {out}", name)
            for wish, name in (("call", f"{wish}_times"), ("weights", f"{wish}_tiles"), ("product", f"{out}_tiles"))
        )
        made = f"{call}, {stacked}, {cut}"
        lines.setdefault(made, f"{made} = _for_steps({text}, {out})")
        return call, stacked, cut

    def once(self, values: tuple[MatrixExpr, ...], weights: list[MatrixExpr]) -> str:
        """The weights for a product outside of loops: a single one as it is."""
        return self._turned(values[0], weights[0]).at(ADD) if len(values) == 1 else self.weights(values, weights)

    def _turned(self, value: MatrixExpr, weight: MatrixExpr) -> Tree:
        """number * W^T for a term number * W v."""
        number, _ = tidy.split_number(value)
        turned = tidy.transpose(weight)
        return self.lower(turned if number == 1 else tidy.scale(number, turned)).tree

    def side_by_side(self, values: tuple[MatrixExpr, ...], weights: list[MatrixExpr]) -> tuple[str, str, str]:
        """Stacked weights, the array that their product goes to, and its view by gate."""
        joined = ", ".join(self._turned(v, w).at(ADD) for v, w in zip(values, weights, strict=True))
        names, wish = self.arrays.storage.layout.names, self._joined(tuple(weights))
        stacked = names.of(f"side by side {joined}", wish)
        product, view = (names.of(f"{end} of {joined}", f"{wish}_{end}") for end in ("product", "gates"))
        made = f"{stacked}, {product}, {view}"
        self.lines.setdefault(made, f"{made} = _side_by_side(({joined}), N, dtype)")
        return stacked, product, view

    def on_top(self, weights: tuple[MatrixExpr, ...], gates: str) -> tuple[str, str, str, str]:
        """For a sum of products of gates with W_1, ..., W_G: steps, weights, an array for the products, and its view by gate."""
        joined = ", ".join(self.lower(w).at(TIMES) for w in weights)
        names, wish = self.arrays.storage.layout.names, self._joined(weights)
        stacked = names.of(f"on top {joined}", wish)
        steps = names.of(f"steps for {joined}", f"{gates}_tiles")
        product, parts = (names.of(f"{end} on top {joined}", f"{stacked}_{end}") for end in ("product", "parts"))
        made = f"{steps}, {stacked}, {product}, {parts}"
        self.lines.setdefault(made, f"{made} = _on_top(({joined}), {gates}, dtype)")
        return steps, stacked, product, parts

    def _joined(self, values: tuple[MatrixExpr, ...]) -> str:
        """W_i, W_f, W_g -> W_ifg: what the names share, then what tells them apart. Numbers have no names."""
        names = [min((s.name for s in symbols(v)), default="") for v in values]
        start = names[0]
        while not all(n.startswith(start) for n in names):
            start = start[:-1]
        tails = "".join(n[len(start) :] for n in names)
        return start + tails if start and len(start + tails) < 28 else "stacked"

    def scratch(self, shape: str, number: int) -> str:
        """An array for intermediate results."""
        key, names = f"scratch {shape} {number}", self.arrays.storage.layout.names
        count = next(i for i in range(1, 1000) if f"part_{i}" not in names.taken)
        name = self.arrays.storage.layout.names.of("prepared " + key, f"part_{count}")
        self.lines.setdefault(name, self.arrays.made(name, shape))
        return name
