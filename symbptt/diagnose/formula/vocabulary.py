"""What an edit of a formula may use: the model's values by shape, its slopes, and the derivation's own equation."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from symbptt.algebra.functions import FUNCTIONS, Y
from symbptt.algebra.nodes import Elementwise
from symbptt.diagnose.formula.operations import Shape
from symbptt.diagnose.formula.spelling import scalar
from symbptt.diagnose.formula.tree import Node, call, flat, index, rebuilt, shifted, transposed, walk
from symbptt.model.values import Model, Role, Variable


def _by_value(function: str) -> bool:
    row = FUNCTIONS[function]
    return row.activation and row.by_result is not None


@dataclass(frozen=True)
class Slope:
    """A slope at a step left open, with the elementwise function, its value's name if it has one, and its argument's."""

    function: str
    result: str
    argument: str

    def at(self, step: Node) -> Node:
        """As it is written: by the value if the function is an activation for which that can be done, else by the argument."""
        x = Node("step", self.argument, (step,))
        y = Node("step", self.result, (step,)) if self.result else call(self.function, x)
        if _by_value(self.function):
            return scalar(FUNCTIONS[self.function].by_result, {Y: y})
        return call("slope", Node("name", self.function), x)


@dataclass
class Around:
    """The surroundings of one formula: its model, the indices of its left side, and shapes from the numbers.

    `ours` is the derivation's right side; `fixed` are the steps that the formula gives as numbers.
    """

    model: Model
    names: tuple[str, ...]
    shape: Callable[[Node], Shape | None]
    ours: Node | None = None
    fixed: tuple[Node, ...] = ()
    _atoms: dict[tuple[Shape, tuple[str, ...]], tuple[Node, ...]] = field(default_factory=dict)

    @cached_property
    def variables(self) -> dict[str, Variable]:
        """The variables that have a name of their own."""
        return {v.name: v for v in self.model.variables if v.definition is None}

    @cached_property
    def slopes(self) -> tuple[Slope, ...]:
        """The slopes of the model's elementwise functions of values that have names."""
        found = []
        for equation in self.model.equations:
            value, name = equation.value, equation.target.name
            if isinstance(value, Elementwise):
                result = name if name in self.variables else ""
                argument = getattr(value.operand, "name", "")
                by_value = bool(result) and _by_value(value.name)
                if by_value or (argument in self.variables and self.variables[argument].timed):
                    found.append(Slope(value.name, result, argument))
        return tuple(found)

    @cached_property
    def functions(self) -> tuple[str, ...]:
        """The functions of single values that the model uses."""
        nodes = (n for e in self.model.all_equations for n in e.value.atoms(Elementwise))
        return tuple(dict.fromkeys([n.name for n in nodes if n.name not in ("identity", "power", "abs", "reciprocal")]))

    def steps(self, scope: tuple[str, ...]) -> tuple[Node, ...]:
        """The indices that may stand at a place, each with those beside it."""
        return (*(shifted(index(name), by) for name in self.scope(scope) for by in (0, -1, 1)), *self.fixed)

    def scope(self, scope: tuple[str, ...]) -> tuple[str, ...]:
        """The indices that are bound at a place, the inmost first."""
        return tuple(dict.fromkeys([*reversed(scope), *self.names]))

    def atoms(self, shape: Shape, scope: tuple[str, ...]) -> tuple[Node, ...]:
        """Values, adjoints and weights of one shape, transposed where that fits."""
        key = (shape, self.scope(scope))
        if key not in self._atoms:
            self._atoms[key] = tuple(atom for atom in self._all(scope) if self.shape(atom) == shape)
        return self._atoms[key]

    def _all(self, scope: tuple[str, ...]) -> list[Node]:
        found: list[Node] = []
        for v in self.variables.values():
            if v.role is Role.LOSS:
                continue
            if not v.timed:
                found.append(Node("name", v.name))
                continue
            for step in self.steps(scope):
                adjoint = [f"d{v.name}"] if v.role in (Role.STATE, Role.LOCAL) else []
                found += [Node("step", name, (step,)) for name in (v.name, *adjoint)]
        return [form for atom in found for form in (atom, transposed(atom))]

    def _ours(self, scope: tuple[str, ...]) -> list[Node]:
        """The derivation's right side, or the body of its sum, with the indices of a place."""
        if self.ours is None:
            return []
        if self.ours.op != "range":
            return [self.ours]
        name, body = self.ours.parts[0], self.ours.parts[3]
        return [rebuilt(body, {name: index(other)}.get) for other in self.scope(scope)]

    def summands(self, scope: tuple[str, ...]) -> list[Node]:
        """The summands of the derivation's equation."""
        parts = [part for ours in self._ours(scope) for part in flat(ours, ("+", "-"))]
        return [Node("neg", "", (node,)) if sign == "-" else node for sign, node in parts]

    def factors(self, scope: tuple[str, ...]) -> list[Node]:
        """The factors of the derivation's equation that are short."""
        chains = [n for ours in self._ours(scope) for n in walk(ours) if n.op in ("@", "*")]
        return list(dict.fromkeys(n for chain in chains for _, n in flat(chain, ("@", "*")) if n.size <= 12))

    def is_ours(self, right: Node) -> bool:
        """Whether a right side is the derivation's, up to the name of its index."""
        if self.ours is None or self.ours.op != right.op:
            return False
        if right.op == "range":
            return rebuilt(self.ours, {self.ours.parts[0]: right.parts[0]}.get) == right
        return self.ours == right
