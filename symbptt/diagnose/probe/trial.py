"""The data at which somebody's function is called, each apart from the first in one respect."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from symbptt.algebra import nodes
from symbptt.algebra.evaluate import Array
from symbptt.data.values import Data
from symbptt.model.values import Model

Place = tuple[int, int]


@dataclass(frozen=True)
class Trial:
    """`base`, and `other` with other targets and cotangents throughout; `losses` are the steps where these count.

    Where the samples of a batch act on each other they are not taken apart.
    """

    model: Model
    base: Data
    other: Data
    losses: tuple[int, ...]
    coupled: bool = False

    @cached_property
    def single(self) -> dict[Place, Data]:
        """Data with the other targets and cotangents at one step t, for one sample n (from 1), only."""
        return {} if self.coupled else {(t, n): self._mixed(t, n) for t in self.losses for n in range(1, self.base.N + 1)}

    @cached_property
    def shorter(self) -> dict[int, Data]:
        """The first steps only, by their number."""
        return {T: self.base.first(self.model, T) for T in range(1, self.base.T)}

    @cached_property
    def alone(self) -> dict[int, Data]:
        """One sample only, by its number from 1."""
        return {n: _sample(self.base, n) for n in range(1, self.base.N + 1)} if self.base.N > 1 and not self.coupled else {}

    @property
    def all(self) -> Iterator[Data]:
        """All of them in the order of `read`."""
        yield from (self.base, self.other, *self.single.values(), *self.shorter.values(), *self.alone.values())

    def _mixed(self, t: int, n: int) -> Data:
        def mixed(one: Mapping[str, Array], two: Mapping[str, Array]) -> dict[str, Array]:
            made = {name: array.copy() for name, array in one.items()}
            for name, array in made.items():
                array[t - 1, n - 1] = two[name][t - 1, n - 1]
            return made

        base, other = self.base, self.other
        return replace(base, targets=mixed(base.targets, other.targets), cotangents=mixed(base.cotangents, other.cotangents))


def trial(model: Model, base: Data, other: Data, losses: tuple[int, ...]) -> Trial:
    """The trial of two draws: the second one lends its targets and cotangents.

    An integer target of the second draw that is the same as that of the first is replaced by the next class.
    """
    targets = {name: _unlike(array, other.targets[name]) for name, array in base.targets.items()}
    coupled = any(equation.value.atoms(nodes.BatchMean) for equation in model.all_equations)
    return Trial(model, base, replace(base, targets=targets, cotangents=other.cotangents), losses, coupled)


def _unlike(one: Array, two: Array) -> Array:
    if one.dtype.kind not in "iu":
        return two
    classes = int(max(one.max(initial=0), two.max(initial=0))) + 1
    return np.where(one == two, (one + 1) % classes, two)


def _sample(data: Data, n: int) -> Data:
    """The data of sample n alone."""
    place = slice(n - 1, n)
    inputs, targets, cotangents = (
        {name: array[:, place] for name, array in part.items()} for part in (data.inputs, data.targets, data.cotangents)
    )
    states = {name: array[place] for name, array in data.states.items()}
    return replace(data, N=1, inputs=inputs, targets=targets, cotangents=cotangents, states=states)
