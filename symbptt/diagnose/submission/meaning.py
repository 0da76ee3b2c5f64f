"""What a name in somebody's code stands for, and how its array is laid out."""

from __future__ import annotations

from dataclasses import dataclass, replace

from symbptt.errors import BadInput
from symbptt.model.values import Model


@dataclass(frozen=True)
class Layout:
    """How arrays are laid out.

    `axes` are those of sequences, as letters or as words with blanks between: T steps, N (or B) samples, D the entries, which
    may be called by their dimensions, 1 for an axis of length one; another word is a further axis of samples. A state has them
    without T, and so has a cotangent or target of the last step alone.
    `weights` is "column" (outputs, inputs), as in W @ h, or "row" (inputs, outputs), as in h @ W.
    `bias` is "H", "H1" or "1H"; `scalars` is "float", or "array" for arrays of one entry. With `listed` a sequence is a list of
    steps; with `classes` a one-hot sequence is one of integers, without entries.
    """

    axes: str = "TND"
    weights: str = "column"
    bias: str = "H"
    listed: bool = False
    classes: bool | None = None
    scalars: str = "float"

    @property
    def words(self) -> str:
        """The layout in a phrase."""
        names = {"T": "time", "N": "batch", "D": "entries", "1": "1"}
        return f"axes ({', '.join(names.get(a, a) for a in tokens(self.axes))}), {self.weights} layout"

    @property
    def batched(self) -> bool:
        """Whether several samples can be given."""
        return bool(set(tokens(self.axes)) - {"T", "D", "1"})


def tokens(axes: str) -> list[str]:
    """The axes one by one; B is another word for N."""
    return ["N" if a == "B" else a for a in (axes.split() if " " in axes else axes)]


@dataclass(frozen=True)
class Meaning:
    """What a name stands for.

    `kind` is blocks (parameters, in rows of blocks), sequence (an input or target), state (an initial one), cotangent, group (a
    dict), size, number, loss, ignore, result (what the function called before returned: all of it, or the part `of`), or out
    (an array of zeros for the gradient of the blocks). `blocks` names variables; the other kinds use the first one. With `last`
    it is the value of the last step alone. Blocks that are `flat` are one vector of all their entries, each ravelled by rows.
    """

    kind: str
    blocks: tuple[tuple[str, ...], ...] = ()
    value: float | str = 0
    of: int | str | None = None
    last: bool = False
    flat: bool = False

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


def one(kind: str, name: str, last: bool = False) -> Meaning:
    """The meaning of a single variable."""
    return Meaning(kind, ((name,),), last=last)


def checked(layout: Layout, place: str) -> Layout:
    """The layout itself; raises BadInput if it makes no sense."""
    named = [a for a in tokens(layout.axes) if a != "1"]
    if len(set(named)) != len(named) or (" " not in layout.axes and set(named) - set("TND")):
        letters = 'letters of T, N, D and 1, each of T, N and D at most once, or words with blanks between, as "B T H K"'
        raise BadInput(f"{place}: axes are {letters}, not {layout.axes!r}")
    if layout.weights not in ("column", "row"):
        raise BadInput(f"{place}: layout is \"column\" or \"row\", not {layout.weights!r}")
    if layout.bias not in ("H", "H1", "1H"):
        raise BadInput(f"{place}: bias is \"H\", \"H1\" or \"1H\", not {layout.bias!r}")
    if layout.scalars not in ("float", "array"):
        raise BadInput(f"{place}: scalars is \"float\" or \"array\", not {layout.scalars!r}")
    return layout


def fits(model: Model, meaning: Meaning) -> bool:
    """Whether blocks have the same rows beside each other, and the same columns below."""
    shapes = [[model[name].shape for name in row] for row in meaning.blocks]
    columns = {tuple(shape[1:] for shape in row) for row in shapes}
    return len(columns) == 1 and all(len({shape[:1] for shape in row}) == 1 for row in shapes)
