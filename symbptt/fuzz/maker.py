"""What a random expression draws on: chances, dimensions, and the variables that it may read or has to declare."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

import sympy as sp

from symbptt.algebra.nodes import dimension
from symbptt.fuzz.draft import Declared
from symbptt.fuzz.expression import SCALAR, Expression, Shape
from symbptt.fuzz.names import families, hostile

Item = TypeVar("Item")

NAMES = ("D", "H", "K", "O")
"""The named dimensions."""

_MOST_PARAMETERS = 9
_LAGS = (1, 1, 1, 1, 1, 1, 1, 2, 2, 3)


@dataclass(frozen=True)
class Mood:
    """What a whole model leans to, taken with this weight; `roles` gives all variables of a section to another one."""

    weight: float
    hostile: bool = False
    scalars: float = 0.0
    matrices: float = 0.0
    integers: float = 0.0
    roles: tuple[tuple[str, str], ...] = ()
    states: tuple[int, ...] = (0, 1, 1, 1, 2, 2, 3)


_MOODS = (
    Mood(10.0),
    Mood(3.0, hostile=True),
    Mood(1.0, scalars=0.8),
    Mood(1.5, matrices=0.5, states=(1, 1, 2)),
    Mood(1.0, integers=1.0),
    Mood(0.7, roles=(("parameters", "inputs"),)),
    Mood(0.7, roles=(("parameters", "inputs"), ("targets", "inputs")), states=(0, 0, 1)),
    Mood(0.7, roles=(("inputs", "parameters"),), states=(1, 1, 2)),
    Mood(0.7, roles=(("targets", "inputs"),)),
    Mood(0.4, roles=(("inputs", "parameters"), ("targets", "parameters")), states=(1, 2)),
)
"""The moods; another one is another row."""


class Maker:
    """The one place with state of the generator: chances, what is declared, and what can be read at this point.

    With `words` everything is called by words of emitted code.
    """

    def __init__(self, rng: Random, words: bool = False) -> None:
        self.rng = rng
        self.mood = rng.choices(tuple(_MOODS), tuple(mood.weight for mood in _MOODS))[0]
        wanted = rng.choice((NAMES[:2], NAMES[1:3], NAMES[2:], NAMES[1:]))
        self.words = rng.choice(families()) if words else hostile() if self.mood.hostile else ()
        self.names = tuple(rng.sample(self.words, len(wanted))) if self.words else wanted
        self.dims = {name: rng.choice((1, 2, 2, 3, 3, 4)) for name in self.names}
        self.declared: list[Declared] = []
        self.readable: list[Expression] = []
        self.pool: list[Expression] = []
        self.in_loss = False
        self.used: set[str] = set()
        self.mark = ""

    def after(self, number: int) -> Maker:
        """A maker for phase `number`: chances, words and sizes are the same, names are other ones, nothing is declared."""
        made = copy(self)
        made.declared, made.readable, made.pool, made.mark, made.in_loss = [], [], [], f"_{number}", False
        return made

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.rng.random() < probability

    def choose(self, items: Sequence[Item]) -> Item:
        """One of the items."""
        return items[self.rng.randrange(len(items))]

    def number(self, low: float, high: float) -> float:
        """A number with two digits."""
        return float(f"{self.rng.uniform(low, high):.2g}")

    def dimension(self) -> sp.Expr:
        """A dimension: most often a name, sometimes an integer, a sum or one."""
        kind = self.rng.random()
        name = dimension(self.choose(self.names))
        if self.chance(self.mood.integers):
            return sp.Integer(self.rng.randint(1, 4))
        if kind < 0.78:
            return name
        if kind < 0.86:
            return sp.Integer(self.rng.randint(1, 4))
        return name + (dimension(self.choose(self.names)) if kind < 0.96 else sp.Integer(self.rng.randint(1, 2)))

    def shape(self, scalar: float = 0.15, matrix: float = 0.12) -> Shape:
        """A shape: a vector, or with these probabilities a scalar or a matrix; more often as the mood has it."""
        kind = self.rng.random()
        scalar, matrix = max(scalar, self.mood.scalars), max(matrix, self.mood.matrices) if matrix else 0.0
        if kind < scalar:
            return SCALAR
        rows = self.dimension()
        if kind >= scalar + matrix:
            return (rows, sp.S.One)
        return (rows, rows if self.chance(0.3) else self.dimension())

    def named(self, wish: str) -> str:
        """The name wished for, or one of the words, if there are any, that is not taken."""
        if not self.words:
            return wish + self.mark
        taken = {d.name for d in self.declared} | self.used | set(self.names)
        left = [name for name in self.words if name not in taken]
        name = self.choose(left or [name for name in hostile() if name not in taken])
        self.used.add(name)
        return name

    def declare(self, name: str, section: str, shape: Shape, prefix: str = "") -> Declared:
        """A new variable; a scalar is an array of one or no array at all."""
        made = Declared(name, section, shape, self.choose(("", "1")), prefix)
        self.declared.append(made)
        return made

    def fresh(self, stem: str) -> str:
        """A name that is not taken."""
        taken = {d.name for d in self.declared}
        return self.named(next(f"{stem}{n}" for n in range(1, 1000) if f"{stem}{n}{self.mark}" not in taken))

    def leaf(self, shape: Shape) -> Expression:
        """A variable of this shape: one that can be read here, a new parameter, or a new weight times what can be read."""
        fitting = [leaf for leaf in self.readable if leaf.shape == shape]
        few = sum(d.section == "parameters" for d in self.declared) < _MOST_PARAMETERS
        if fitting and not self.chance(0.15 if few else 0.0):
            return self._lagged(self._moving(fitting))
        vectors = [leaf for leaf in self.readable if leaf.shape[1] == 1 and not self.is_parameter(leaf)]
        if vectors and few and shape[1] == 1 and self.chance(0.7):
            vector = self._lagged(self.choose(vectors))
            weights = self._new((shape[0], vector.shape[0]))
            return Expression("({0} @ {1})", shape, (weights, vector), flat=vector.flat)
        return self._new(shape)

    def is_parameter(self, leaf: Expression) -> bool:
        """Whether a leaf is a parameter."""
        return self.is_declared(leaf, "parameters")

    def is_declared(self, leaf: Expression, *sections: str) -> bool:
        """Whether a leaf is declared in one of these sections."""
        return any(d.name == leaf.reads and d.section in sections for d in self.declared)

    def _moving(self, leaves: list[Expression]) -> Expression:
        """One of the leaves, rather no parameter."""
        moving = [leaf for leaf in leaves if not self.is_parameter(leaf)]
        return self.choose(moving if moving and self.chance(0.7) else leaves)

    def _lagged(self, leaf: Expression) -> Expression:
        lag = self.choose(_LAGS)
        return replace(leaf, form=leaf.form.replace("[t-1]", f"[t-{lag}]")) if lag > 1 else leaf

    def _new(self, shape: Shape) -> Expression:
        if self.in_loss and self.chance(0.4):
            return self.target(shape)
        stem = "s" if shape == SCALAR else "b" if shape[1] == 1 else "W"
        name = self.declare(self.fresh(stem), "parameters", shape).name
        made = Expression(f"{name}[t]" if self.chance(0.15) else name, shape, reads=name)
        self.readable.append(made)
        return made

    def target(self, shape: Shape) -> Expression:
        """A new target."""
        name = self.declare(self.fresh("y"), "targets", shape).name
        made = Expression(name, shape, reads=name)
        self.readable.append(made)
        return made
