"""The value of a formula's side. What formulas share with the first one is computed once: values are kept by part and indices."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from symbptt.diagnose.formula.operations import BINARY, OF_VALUES, Meaningless, Unfit, elementwise, is_number, matmul
from symbptt.diagnose.formula.tree import BINARY as OPERATORS
from symbptt.diagnose.formula.tree import Node, walk
from symbptt.diagnose.formula.world import World

MAX_TERMS = 20_000
"""Terms of sums and factors of products, together, in one evaluation."""
_SMALL = 9
"""The size of parts that are kept although the formula has them not: slopes, transposed weights."""
Indices = Mapping[str, int]


class Evaluator:
    """Evaluates formulas at one point; remembers the values of the parts of those that it was told to know."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.left = MAX_TERMS
        self._known: set[Node] = set()
        self._kept: dict[tuple[Node, tuple[int, ...]], Any] = {}
        self._scratch: dict[tuple[Node, tuple[int, ...]], Any] = {}

    def know(self, *formulas: Node) -> None:
        """Keep the values of all parts of these formulas."""
        self._known.update(part for formula in formulas for part in walk(formula))

    def value(self, node: Node, indices: Indices) -> Any:
        """A matrix, or Unfit; raises Meaningless for what has no meaning at any shapes."""
        self.left = MAX_TERMS
        if len(self._scratch) > 50_000:
            self._scratch.clear()
        return np.atleast_2d(np.asarray(self.part(node, indices), float))

    def begin(self) -> None:
        """Forget the parts that only the last candidate had."""
        self._scratch.clear()

    def part(self, node: Node, indices: Indices) -> Any:
        """The value of a part as it is: a number has no shape. Raises Unfit."""
        with np.errstate(all="ignore"):
            return self._value(node, indices)

    def faults(self, node: Node) -> Unfit | None:
        """Why a part could not be evaluated, if it could not, at whatever indices."""
        return next((x for (n, _), x in self._kept.items() if n == node and isinstance(x, Unfit)), None)

    def _value(self, node: Node, indices: Indices) -> Any:
        key = (node, tuple(indices[name] for name in node.free))
        store = self._kept if node.size <= _SMALL or node in self._known else self._scratch
        found = store.get(key)
        if found is None:
            try:
                found = _READERS[node.op](self, node, indices)
            except Unfit as fault:
                found = fault
            store[key] = found
        if isinstance(found, Unfit):
            raise found
        return found

    def step(self, node: Node, indices: Indices) -> int:
        """The value of an index."""
        if node.op == "index":
            return self.world.T if node.label == "T" else indices[node.label]
        if node.op == "number":
            return int(node.label)
        a, b = (self.step(part, indices) for part in node.parts)
        return a + b if node.op == "+" else a - b

    def number(self, node: Node, indices: Indices) -> float:
        """A number as written."""
        return float(node.label)

    def index(self, node: Node, indices: Indices) -> float:
        """An index that is used as a number."""
        return float(self.step(node, indices))

    def name(self, node: Node, indices: Indices) -> Any:
        """A size, or a value without a step."""
        size = self.world.size(node.label)
        return self.world.read(node.label, None) if size is None else float(size)

    def timed(self, node: Node, indices: Indices) -> Any:
        """The value or adjoint of a step."""
        return self.world.read(node.label, self.step(node.parts[0], indices))

    def binary(self, node: Node, indices: Indices) -> Any:
        """An operation of two sides."""
        left, right = node.parts
        return BINARY[node.op](self._value(left, indices), self._value(right, indices))

    def negative(self, node: Node, indices: Indices) -> Any:
        """A sign."""
        return -self._value(node.parts[0], indices)

    def transpose(self, node: Node, indices: Indices) -> Any:
        """A transpose."""
        return np.transpose(self._value(node.parts[0], indices))

    def call(self, node: Node, indices: Indices) -> Any:
        """A function of values."""
        numbers = {p.label: float(p.parts[0].label) for p in node.parts if p.op == "keyword"}
        operands = [p for p in node.parts if p.op != "keyword"]
        if node.label == "slope":
            return elementwise(operands[0].label, self._value(operands[1], indices), numbers, slope=True)
        found = [self._value(p, indices) for p in operands]
        if node.label in OF_VALUES:
            return OF_VALUES[node.label][1](*found)
        return elementwise(node.label, found[0], numbers)

    def range(self, node: Node, indices: Indices) -> Any:
        """A sum or product over an index; an empty sum is zero, an empty product one."""
        name, first, last, body = node.parts
        bodies = []
        for i in range(self.step(first, indices), self.step(last, indices) + 1):
            self.left -= 1
            if self.left < 0:
                raise Meaningless(f"more than {MAX_TERMS} terms")
            bodies.append(self._value(body, {**indices, name.label: i}))
        apply: Callable[[Any, Any], Any] = BINARY["+"] if node.label == "sum" else matmul
        total: Any = None
        for found in bodies[::-1] if node.label == "rprod" else bodies:
            total = found if total is None else apply(total, found)
        return (0.0 if node.label == "sum" else 1.0) if total is None else total

    def derivative(self, node: Node, indices: Indices) -> Any:
        """A Jacobian."""
        (of, at), (by, when) = ((p.label, self.step(p.parts[0], indices) if p.parts else None) for p in node.parts)
        return self.world.jacobian(of, at, by, when, node.label == "D")


_READERS: dict[str, Callable[[Evaluator, Node, Indices], Any]] = {
    **dict.fromkeys(OPERATORS, Evaluator.binary), "number": Evaluator.number, "index": Evaluator.index, "name": Evaluator.name,
    "step": Evaluator.timed, "neg": Evaluator.negative, "T": Evaluator.transpose, "call": Evaluator.call,
    "range": Evaluator.range, "derivative": Evaluator.derivative,
}


def fits(right: Any, left: Any) -> bool:
    """Whether two sides can be compared: equal shapes, a number for the empty sum or product, or a row for a column."""
    return right.shape == left.shape or is_number(right) or (right.size == left.size and 1 in (len(left), len(right)))
