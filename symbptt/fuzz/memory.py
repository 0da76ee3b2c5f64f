"""A random memory: a state of outer products with decays, as in linear attention and its relatives, most of them with heads.

What general random models hardly ever are: affine in a state, so that there is a chunk form to compare with the step form.
"""

from dataclasses import dataclass, field, replace
from random import Random

import sympy as sp

from symbptt.algebra.nodes import dimension
from symbptt.fuzz.draft import Declared, Draft
from symbptt.fuzz.expression import Expression

_HEADS = "M"
_ACTIVATIONS = ("{0}", "{0}", "tanh({0})", "silu({0})", "l2_norm({0}, eps=0.1)", "rms_norm({0}, eps=0.1)", "K ** -0.5 * {0}")
_DECAYS = ("", "0.9", "sigmoid({0})", "exp(-softplus({0}))", "(1 - sigmoid({0}))", "(0.3 + 0.6 * sigmoid({0}))")
_OUTPUTS = ("{0}", "{0}", "V ** -0.5 * {0}", "rms_norm({0}, eps=0.1)", "layer_norm({0}, eps=0.1)", "{0} + 0.5 * {1}")
_LOSSES = (
    "squared_error({0}, {1})", "squared_error({0}, {1})", "softmax_cross_entropy({0}, {1})", "huber({0}, {1})", "mse({0}, {1})",
)


def memory(seed: int, number: int) -> Draft:
    """The random memory with this number."""
    return _Memory(Random(f"memory {seed} {number}")).draft(f"Random memory {number} of seed {seed}")


@dataclass
class _Memory:
    """The one place with state: chances, what is declared, and the equations so far."""

    rng: Random
    declared: list[Declared] = field(default_factory=list)
    equations: list[tuple[str, Expression]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.heads = dimension(_HEADS) if self.chance(0.7) else None
        self.shared = frozenset(name for name in "qkvg" if self.heads is not None and self.chance(0.15))
        self.x = self._declare("x", "inputs", "D")

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def _declare(self, name: str, section: str, *axes: str, own: bool = False) -> Expression:
        """A new variable, with `own` one of each head."""
        heads = self.heads if own else None
        sizes = [sp.Mul(*(sp.Integer(d) if d.isdigit() else dimension(d) for d in axis.split("*"))) for axis in axes]
        rows, columns = (*sizes, sp.S.One, sp.S.One)[:2]
        made = Declared(name, section, (rows if heads is None else heads * rows, columns), heads=heads)
        self.declared.append(made)
        return Expression(name, made.shape, reads=name)

    def _equation(self, name: str, form: str, *parts: Expression, shape: tuple[sp.Expr, sp.Expr] | None = None) -> Expression:
        value = Expression(form if parts and form != "{0}" else "identity({0})", shape or parts[0].shape, parts)
        self.equations.append((name, value))
        return Expression(name, value.shape, reads=name)

    def _vector(self, name: str, size: str, form: str = "{0}") -> Expression:
        """A vector of each head, or one that they share: an input, or made of x, perhaps with the steps before."""
        own = self.heads is not None and name not in self.shared
        if self.chance(0.3):
            given = self._declare(f"{name}_in", "inputs", *filter(None, (size,)), own=own)
            return self._equation(name, form, given)
        if not size:
            weights = self._declare(f"w_{name}", "parameters", "D", own=own)
            shape = (weights.shape[0] / dimension("D"), sp.S.One)
            return self._equation(name, form.replace("{0}", "dot({0}, {1})"), weights, self.x, shape=shape)
        joined = f"{_HEADS}*{size}" if own else size
        weights = self._declare(f"W_{name}", "parameters", joined, "D")
        inner = self._equation(f"p_{name}", "{0} @ {1}", weights, self.x, shape=(weights.shape[0], sp.S.One))
        text, parts = self._shifted(name, inner, joined)
        return self._equation(name, form.replace("{0}", f"split_heads({text})" if own else text), *parts)

    def _shifted(self, name: str, inner: Expression, joined: str) -> tuple[str, tuple[Expression, ...]]:
        """A value as it is, half of the difference from one before, or a convolution."""
        kind = self.rng.random()
        if kind < 0.5:
            return "{0}", (inner,)
        if kind < 0.75:
            return "conv({0}, {1})", (inner, self._declare(f"c_{name}", "parameters", joined, "3"))
        return "({0} - 0.5 * {1})", (inner, replace(inner, form=f"{inner.reads}[t-{self.rng.choice((1, 1, 2))}]"))

    def draft(self, note: str) -> Draft:
        """The whole model."""
        rng = self.rng
        q, k = (self._vector(name, "K", rng.choice(_ACTIVATIONS)) for name in "qk")
        v = self._vector("v", "V", rng.choice(_ACTIVATIONS[:4]))
        decay = rng.choice(_DECAYS)
        size = rng.choice(("", "K")) if "{0}" in decay else ""
        gates = (self._vector("g", size),) if "{0}" in decay else ()
        along = rng.choice(("rows", "columns"))
        state = self._declare("S", "states", *("KV" if along == "rows" else "VK"), own=True)
        before = Expression("S[t-1]", state.shape, reads="S", flat=True)
        read = "({S}.T @ {x})" if along == "rows" else "({S} @ {x})"
        grown = decay.replace("{0}", "{4}")
        scaled = "{0}" if not decay else f"({grown} * {{0}})"
        if size:
            scaled = f"(diag({grown}) @ {{0}})" if along == "rows" else f"({{0}} @ diag({grown}))"
        value, strength = "{2}", tuple[Expression, ...]()
        if self.chance(0.4):  # the delta rule
            strength = (self._vector("b", ""),)
            gate = f"sigmoid({{{5 if gates else 4}}})"
            held = scaled if self.chance(0.5) else "{0}"
            value = f"({gate} * ({{2}} - {read.format(S=held, x='{1}')}))"
        outer = f"outer({{1}}, {value})" if along == "rows" else f"outer({value}, {{1}})"
        order = (before, k, v, q, *gates, *strength)
        S = self._equation("S", f"{scaled} + {outer}", *order, shape=state.shape)
        width = (v.shape[0] if "v" not in self.shared or self.heads is None else self.heads * v.shape[0], sp.S.One)
        late = before if self.chance(0.15) else S
        o = self._equation("o", read.format(S="{0}", x="{1}"), late, q, shape=width)
        o = self._equation("r", rng.choice(_OUTPUTS), o, v, shape=width)
        if self.heads is not None:
            merged = rng.choice(("merge_heads", "sum_heads", "mean_heads"))
            shape = width if merged == "merge_heads" else (width[0] / self.heads, sp.S.One)
            o = self._equation("u", f"{merged}({{0}})", o, shape=shape)
        y = self._declare("y", "targets", f"{_HEADS}*V" if o.shape[0].has(dimension(_HEADS)) else "V")
        loss = None if self.chance(0.2) else Expression(rng.choice(_LOSSES), (sp.S.One, sp.S.One), (o, y), size=10)
        dims = {name: rng.choice((1, 2, 2, 3)) for name in ("D", "K", "V", *([_HEADS] if self.heads is not None else []))}
        at, T, N = rng.choice(("every", "every", "last")), rng.randint(1, 6), rng.randint(1, 3)
        return Draft(
            tuple(self.declared), tuple(self.equations), loss, at, T, N, dims, rng.randrange(10**6),
            masked=self.chance(0.2), reduction=rng.choice(("sum", "sum", "mean")),
            heads=_HEADS if self.heads is not None else "", note=note,
        )
