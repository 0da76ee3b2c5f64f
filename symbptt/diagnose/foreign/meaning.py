"""What a name in somebody's code stands for, and how its array is laid out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from symbptt.errors import BadInput


@dataclass(frozen=True)
class Layout:
    """How arrays are laid out.

    `axes` are those of sequences: T steps, N samples, D entries, 1 for an axis of length one; a state has them without T.
    `weights` is "column" (outputs, inputs), as in W @ h, or "row" (inputs, outputs), as in h @ W.
    `bias` is "H", "H1" or "1H". With `listed` a sequence is a list of steps; with `classes` a one-hot sequence is one of
    integers, without entries.
    """

    axes: str = "TND"
    weights: str = "column"
    bias: str = "H"
    listed: bool = False
    classes: bool | None = None

    @property
    def words(self) -> str:
        """The layout in a phrase."""
        names = {"T": "time", "N": "batch", "D": "entries", "1": "1"}
        return f"axes ({', '.join(names[a] for a in self.axes)}), {self.weights} layout"


@dataclass(frozen=True)
class Meaning:
    """What a name stands for.

    `kind` is blocks (parameters, in rows of blocks), sequence (an input or target), state (an initial one), cotangent,
    group (a dict), cache, number or loss. `blocks` names variables; the other kinds use the first one.
    """

    kind: str
    blocks: tuple[tuple[str, ...], ...] = ()
    layout: Layout | None = None
    items: Mapping[str, Meaning] = field(default_factory=dict)
    value: float = 0

    @property
    def name(self) -> str:
        """The variable, where there is one."""
        return self.blocks[0][0]

    @property
    def variables(self) -> tuple[str, ...]:
        """All variables in it."""
        return tuple(name for row in self.blocks for name in row)

    def permuted(self, order: tuple[int, ...]) -> Meaning:
        """The same with the rows of blocks in another order."""
        return replace(self, blocks=tuple(self.blocks[i] for i in order)) if len(self.blocks) == len(order) else self

    def swapped(self) -> Meaning:
        """The same with the blocks of each row the other way round: [h, x] for [x, h]."""
        return replace(self, blocks=tuple(row[::-1] for row in self.blocks))


def one(kind: str, name: str, layout: Layout | None = None) -> Meaning:
    """The meaning of a single variable."""
    return Meaning(kind, ((name,),), layout)


_AXES = frozenset("TND1")


def checked(layout: Layout, place: str) -> Layout:
    """The layout itself; raises BadInput if it makes no sense."""
    if set(layout.axes) - _AXES or len(set(layout.axes.replace("1", ""))) != len(layout.axes.replace("1", "")):
        raise BadInput(f"{place}: axes are letters of T, N, D and 1, each of T, N and D at most once, not {layout.axes!r}")
    if layout.weights not in ("column", "row"):
        raise BadInput(f"{place}: layout is \"column\" or \"row\", not {layout.weights!r}")
    if layout.bias not in ("H", "H1", "1H"):
        raise BadInput(f"{place}: bias is \"H\", \"H1\" or \"1H\", not {layout.bias!r}")
    return layout
