"""Both sides of a formula at a point: their values for every choice of the free indices, and whether they agree."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.formula.evaluate import Evaluator, Indices, fits
from symbptt.diagnose.formula.operations import Meaningless, Shape, Unfit
from symbptt.diagnose.formula.tree import Node, walk
from symbptt.diagnose.formula.world import World
from symbptt.diagnose.formula.written import Formula, free

EQUAL = 1e-8


@dataclass
class Point:
    """A formula's left side at a point, against which right sides are held."""

    formula: Formula
    world: World

    def __post_init__(self) -> None:
        self.evaluator = Evaluator(self.world)
        self.evaluator.know(self.formula.right)

    @cached_property
    def lefts(self) -> tuple[tuple[Indices, Array], ...]:
        """The left side wherever it has a value; a middle step first, since few mistakes hide there. Raises BadInput."""
        found: list[tuple[Indices, Array]] = []
        fault: Unfit | None = None
        for indices in _assignments(free(self.formula), self.world.T):
            try:
                found.append((indices, self.evaluator.value(self.formula.left, indices)))
            except Unfit as this:
                fault = fault or this
        if not found:
            reason = fault.told(self.shown) if fault else "it has no value"
            raise self.formula.of(self.formula.left).error(f"the left side: {reason}; formulas are tried at T = {self.world.T}")
        return tuple(sorted(found, key=lambda pair: sum(abs(step - 2) for step in pair[0].values())))

    @cached_property
    def size(self) -> float:
        """The largest entry of the left side; 1 where it is zero."""
        largest = max(float(np.abs(left).max(initial=0.0)) for _, left in self.lefts)
        return largest if largest > 1e-9 else 1.0

    def right(self, right: Node, indices: Indices, left: Array) -> Array:
        """A right side in the left side's shape; raises Unfit."""
        found: Array = self.evaluator.value(right, indices)
        if not fits(found, left):
            raise Unfit("the right side has the shape {}, the left side {}", found.shape, left.shape)
        if found.shape == left.shape:
            return found
        # A sum or product without terms is a number: zero, or one times the identity.
        return found.item() * np.eye(*left.shape) if found.size == 1 else found.reshape(left.shape)

    def holds(self, right: Node) -> bool:
        """Whether a right side agrees at every choice of the indices."""
        self.evaluator.begin()
        try:
            return all(np.abs(self.right(right, i, left) - left).max(initial=0.0) <= EQUAL * self.size for i, left in self.lefts)
        except Unfit:
            return False

    @cached_property
    def both(self) -> tuple[Array, Array]:
        """The formula's two sides, flat; raises Unfit if they cannot be compared, BadInput for what has no meaning."""
        rights = []
        for indices, left in self.lefts:
            try:
                rights.append(self.right(self.formula.right, indices, left).ravel())
            except Meaningless as fault:
                part = self.culprit(self.formula.right, indices)
                raise self.formula.of(part).error(f"{part}: {fault.told(self.shown)}") from None
        return np.concatenate([left.ravel() for _, left in self.lefts]), np.concatenate(rights)

    @property
    def error(self) -> float:
        """The largest difference of the two sides relative to the left; infinite where they cannot be compared."""
        try:
            left, right = self.both
        except Unfit:
            return float("inf")
        if not np.isfinite(right).all():
            return float("inf")
        return float(np.abs(left - right).max(initial=0.0)) / self.size

    def fault(self) -> tuple[Node, Unfit] | None:
        """The smallest part that does not fit, and why."""
        for indices, left in self.lefts:
            try:
                self.right(self.formula.right, indices, left)
            except Unfit as fault:
                return self.culprit(self.formula.right, indices), fault
        return None

    def culprit(self, right: Node, indices: Indices) -> Node:
        """The smallest part of a right side that has no value."""
        return next((n for n in walk(right) if n.op != "index" and self._fails(n) and not any(map(self._fails, n.parts))), right)

    def _fails(self, node: Node) -> bool:
        return self.evaluator.faults(node) is not None

    def shape(self, node: Node) -> Shape | None:
        """The shape of a part, () for a number; None if it has no value."""
        for step in (2, 1, 3):
            try:
                return np.shape(self.evaluator.part(node, dict.fromkeys(node.free, step)))
            except Unfit:
                continue
        return None

    def shown(self, shape: Shape) -> str:
        """A shape in the names of the model's dimensions."""
        names = {size: name for name, size in self.world.data.dims.items() if size > 1}
        return f"({', '.join(names.get(n, str(n)) for n in shape)})" if shape else "of a number"


def _assignments(names: tuple[str, ...], T: int) -> Iterator[Indices]:
    for steps in product(range(1, T + 1), repeat=len(names)):
        if all(a >= b for a, b in pairwise(steps)):
            yield dict(zip(names, steps, strict=True))
