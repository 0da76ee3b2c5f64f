"""Where each value of a plan lives: an array over all steps, a row of a pack, or a buffer that every step uses again."""

from dataclasses import dataclass, field

import sympy as sp

from symbptt.algebra.nodes import TIME, Timed
from symbptt.algebra.related import Cotangent, Related
from symbptt.emit.layout import Layout
from symbptt.emit.plan.statements import Block, Carry, Gradient, Hoisted, Key, LocalFactor, Pack, Plan, Statement
from symbptt.model.values import Role, Variable

LONGEST = 28
"""Longer names of packs are cut to a number."""


@dataclass
class Storage:
    """`stored` are the values with one row per step; `shared` maps a value to the one whose place it takes.

    `chunked` are local factors that have rows only for the steps that a loop is about to run over.
    """

    plan: Plan
    layout: Layout
    kept: frozenset[Key]
    stored: set[Key] = field(default_factory=set)
    shared: dict[Key, Key] = field(default_factory=dict)
    chunked: set[Key] = field(default_factory=set)

    def __post_init__(self) -> None:
        for block in self.plan.blocks:
            for statement in (*block.statements, *block.ahead):
                for key in statement.keys:
                    if statement in block.ahead or not block.each or block.decay is not None or self._leaves(block, key):
                        self.stored.add(key)
            if block.decay is not None or not block.each:
                self.shared |= {Hoisted(k): k for s in block.statements for k in s.keys if (Hoisted(k), TIME) in s.reads}
        for block in self.plan.blocks:
            if block.each and block.decay is None:
                self._share(block)
                self.chunked |= {s.key for s in block.ahead if self._stays(block, s.key)}

    def _stays(self, block: Block, key: Key) -> bool:
        """Whether a local factor has a place of its own and is read in its own loop only."""
        inside = {*block.ahead, *block.statements}
        alone = key not in self.shared and self.plan.pack(key) is None
        return alone and all(s in inside for s in self.plan.readers(key))

    def chunk(self, key: Key) -> str:
        """The index of the steps of a chunk."""
        return self.own("count" if key in self.chunked else "chunk")

    def own(self, word: str) -> str:
        """The identifier of a word of the code's own."""
        return self.layout.names.own(word)

    def _leaves(self, block: Block, key: Key) -> bool:
        """Whether somebody outside a loop reads a value of it, or somebody in it another step's."""
        if key in self.kept or (not isinstance(key, Related) and self.layout.variable(key).role is Role.STATE):
            return True
        inside = set(block.statements)
        return any(s not in inside for s in self.plan.readers(key))

    def _share(self, block: Block) -> None:
        """A hoisted part is read once, so the value that is made of it can take its place."""
        position = {key: i for i, s in enumerate(block.statements) for key in s.keys}
        homes = [k for k in position if k in self.stored and self.plan.pack(k) is None and not isinstance(k, (Carry, Gradient))]
        taken: set[Key] = set()
        for i, statement in enumerate(block.statements):
            read = (k for k, _ in statement.reads if isinstance(k, (Hoisted, LocalFactor)) and self.plan.pack(k) is None)
            for key in sorted(read, key=lambda k: str(k.name)):
                readers = [s for s in self.plan.readers(key) if not any(s is a for a in block.ahead)]
                home = next((h for h in homes if h not in taken and position[h] >= i and self.same_shape(h, key)), None)
                if len(readers) == 1 and home is not None and (isinstance(key, Hoisted) or home == statement.key):
                    taken.add(home)
                    self.shared[key] = home

    def same_shape(self, a: Key, b: Key) -> bool:
        """Whether two values have arrays of one shape."""
        return shape_of(self.layout.variable(a)) == shape_of(self.layout.variable(b))

    def home(self, key: Key) -> Key:
        """The value whose array a value is kept in."""
        pack = self.plan.pack(key)
        if pack is not None:
            return pack.rows[pack.row(key)][-1]
        return self.shared.get(key, key)

    def pack_name(self, pack: Pack, span: range | None = None) -> str:
        """The name of a pack's array, or of some rows of it."""
        rows = pack.rows if span is None else pack.rows[span.start : span.stop]
        members = [self.layout.name(row[-1]) for row in rows]
        start = next((p for p in ("d_a_", "d_") if all(m.startswith(p) for m in members)), "")
        wish = start + "_".join(m.removeprefix(start) for m in members)
        return self.layout.names.of(f"pack {members}", wish if len(wish) <= LONGEST else start + "gates")

    def is_timed(self, key: Key) -> bool:
        """Whether a name stands for a value per step, rather than for a tied parameter or what is made of some."""
        return isinstance(key, Timed)

    def extra_row(self, key: Key) -> str:
        """Where an array has a row more than steps: "first" for the initial state, "last" for what nothing passes back."""
        if isinstance(key, Carry):
            return "last"
        own = not isinstance(key, Related) or isinstance(key, Cotangent)
        return "first" if own and self.layout.variable(key).role is Role.STATE else ""

    def needs_kept(self, block: Block, pack: Pack) -> bool:
        """Whether a pack's last values are read outside the loop that makes them."""
        return any(row[-1] in self.stored for row in pack.rows if row[-1] in block.keys)


def shape_of(variable: Variable) -> tuple[sp.Expr, sp.Expr]:
    """Rows and columns."""
    return (variable.rows, variable.columns)


def writes(statement: Statement, pack: Pack) -> bool:
    """Whether a statement writes into a pack."""
    return any(pack.row(key) >= 0 for key in statement.keys)
