"""A random model before it is a file, with the sizes at which it is tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import sympy as sp

from symbptt.fuzz.expression import Expression, Shape, shape_text
from symbptt.model.dimensions import untold
from symbptt.model.values import Role, Variable

SECTIONS = ("inputs", "states", "parameters", "targets")


@dataclass(frozen=True)
class Declared:
    """A variable of one of the declaring sections; `prefix` is "index " for an integer input, `suffix` " complex".

    The shape of what belongs to each of `heads` is that of all below each other, (M K, V).
    """

    name: str
    section: str
    shape: Shape
    scalar: str = ""
    prefix: str = ""
    suffix: str = ""
    heads: sp.Expr | None = None

    @property
    def text(self) -> str:
        """The shape as in the file."""
        return self.prefix + " ".join(self._axes()) + self.suffix

    def _axes(self) -> tuple[str, ...]:
        own = self.shape if self.heads is None else (self.shape[0] / self.heads, self.shape[1])
        return *(() if self.heads is None else (str(self.heads),)), *shape_text(own, self.scalar).split()

    def variable(self) -> Variable:
        """The variable that the file will declare."""
        role = Role(self.section[:-1])
        return Variable(self.name, role, self._axes(), *self.shape, classes=bool(self.prefix), heads=self.heads)


@dataclass(frozen=True)
class Draft:
    """Equations by left side, and a loss or None; what they read is declared. T, N, `dims` and `seed` make the data.

    `learned` pairs states with the parameters that they start from; `masked` data bring a mask and weights of the steps.
    The states in `backward` run from T to 1. A draft with a `phase` is one phase of a model, and the last one has those `before`
    it: `steps` counts its steps, `memory` and `finals` pair its own names with values of earlier phases.
    """

    declared: tuple[Declared, ...]
    equations: tuple[tuple[str, Expression], ...]
    loss: Expression | None
    at: str
    T: int
    N: int
    dims: Mapping[str, int]
    seed: int
    distributions: bool = False
    masked: bool = False
    reduction: str = "sum"
    freeze: bool = False
    training: bool = True
    learned: tuple[tuple[str, str], ...] = ()
    backward: tuple[str, ...] = ()
    phase: str = ""
    steps: str = ""
    memory: tuple[tuple[str, str], ...] = ()
    finals: tuple[tuple[str, str], ...] = ()
    before: tuple[Draft, ...] = ()
    heads: str = ""
    note: str = field(default="", compare=False)

    @property
    def phases(self) -> tuple[Draft, ...]:
        """All phases, itself the last."""
        return *self.before, self

    @property
    def sizes(self) -> dict[str, int]:
        """Of every dimension, those that count steps among them."""
        return {**self.dims, **{phase.steps: phase.T for phase in self.before}}

    def expressions(self) -> tuple[Expression, ...]:
        """All right sides, the loss last."""
        return (*(value for _, value in self.equations), *((self.loss,) if self.loss else ()))

    def reads(self) -> frozenset[str]:
        """The names that are read somewhere."""
        return frozenset(leaf.reads for value in self.expressions() for leaf in value.leaves())

    def starts(self) -> tuple[tuple[str, str], ...]:
        """The pairs of `learned` and `finals` whose state there is."""
        return tuple(pair for pair in (*self.learned, *self.finals) if pair[0] in dict(self.equations))

    def with_roles(self, section: Mapping[str, str]) -> Draft:
        """The draft with the variables of some sections in others; classes stay, and what is no parameter is not untied."""
        fixed = {d.name for d in self.declared if d.prefix} | {name for _, name in self.learned}
        declared = tuple(
            d if d.name in fixed else replace(d, section=section.get(d.section, d.section)) for d in self.declared
        )
        tied = {d.name for d in declared if d.section != "parameters"}

        def told(value: Expression) -> Expression:
            for place in value.places():
                leaf = value.at(place)
                if leaf.reads in tied and leaf.form == f"{leaf.reads}[t]":
                    value = value.having(place, replace(leaf, form=leaf.reads))
            return value

        equations = tuple((name, told(value)) for name, value in self.equations)
        return replace(self, declared=declared, equations=equations, loss=told(self.loss) if self.loss else None)

    def tells_steps(self) -> bool:
        """Whether the data show T: there is an input or an untied parameter."""
        leaves = {leaf.form for value in self.expressions() for leaf in value.leaves()}
        return self.reads_inputs() or any("[t]" in form for form in leaves)

    def reads_inputs(self) -> bool:
        """Whether an input is read."""
        return any(d.section == "inputs" for d in self.used())

    def tells_sizes(self) -> bool:
        """Whether the data show the size of every dimension."""
        return not untold(d.variable() for d in self.used())

    def used(self) -> tuple[Declared, ...]:
        """The declarations that the file needs."""
        needed = self.reads() | {name for name, _ in self.equations} | {parameter for _, parameter in self.starts()}
        return tuple(d for d in self.declared if d.name in needed)

    def text(self) -> str:
        """The model file."""
        title = [f'title = "{self.note or "A random model"}"'] + [f'heads = "{self.heads}"'] * bool(self.heads)
        return "\n".join([*title, *(line for phase in self.phases for line in phase.lines())]) + "\n"

    def lines(self) -> list[str]:
        """All of the file but the title and what other phases have."""
        prefix = f"phase.{self.phase}" * bool(self.phase)
        made = [f"[{prefix}]"] * bool(prefix) + ["freeze = true"] * self.freeze + ["training = false"] * (not self.training)
        made += [f'steps = "{self.steps}"'] * bool(self.steps)
        reads = self.reads()
        sections = {section: [(d.name, d.text) for d in self.used() if d.section == section and d.name not in self.backward]
                    for section in SECTIONS}
        sections |= {
            "backward": [(d.name, d.text) for d in self.used() if d.name in self.backward],
            "memory": [(name, source) for name, source in self.memory if name in reads],
            "equations": [(name, value.text()) for name, value in self.equations],
        }
        if self.loss:
            sections["loss"] = [("step", self.loss.text()), ("at", self.at), ("reduction", self.reduction)]
        sections["initial"] = [*self.starts()]
        for section, entries in sections.items():
            heading = f"[{'.'.join(filter(None, (prefix, section)))}]"
            made += ["", heading, *(f'{name} = "{text}"' for name, text in entries)] if entries else []
        return made

    def setting(self) -> str:
        """What a model file does not say: the sizes and the seed of the data."""
        dims = ",".join(f"{name}={size}" for name, size in sorted(self.sizes.items()))
        return f"T={self.T} N={self.N} seed={self.seed}" + (f" dims {dims}" if dims else "")
