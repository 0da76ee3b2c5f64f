"""One step as operations: a node per operation, with what it reads; parameters are written into the node that uses them."""

from dataclasses import dataclass, replace

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.nodes import TIME, is_leaf
from symbptt.model.values import Model, Role, Variable

FOLDED = (Role.PARAMETER, Role.TARGET, Role.BUFFER)
"""What is written into the node that reads it instead of being a node."""


@dataclass(frozen=True)
class Operation:
    """A node: an operation, or a value that the step is given. `reads` are the nodes of its operands, `holds` is the variable."""

    value: MatrixExpr
    reads: tuple[int, ...] = ()
    holds: Variable | None = None

    @property
    def names(self) -> Variable | None:
        """The variable, if formulas show its name."""
        return self.holds if self.holds is not None and self.holds.definition is None else None

    @property
    def given(self) -> bool:
        """Whether the value comes from outside the step: an input, or a state of the step before."""
        return is_leaf(self.value)


class _Builder:
    def __init__(self, model: Model) -> None:
        self.model = model
        self.nodes: list[Operation] = []
        self.known: dict[MatrixExpr, int] = {}

    def node(self, value: MatrixExpr) -> int:
        """The number of the node of an expression, one for each value however often it occurs: its square reads it twice."""
        if value in self.known:
            return self.known[value]
        self.nodes.append(Operation(value, tuple(self.node(a) for a in operands(self.model, value))))
        return self.known.setdefault(value, len(self.nodes) - 1)

    def name(self, variable: Variable, number: int) -> None:
        """The node's value is that of a variable; a mere copy has no node of its own."""
        if self.nodes[number].names is None and not self.nodes[number].given:
            self.nodes[number] = replace(self.nodes[number], holds=variable)
        self.known[variable.at()] = number


def flows(model: Model, value: MatrixExpr) -> bool:
    """Whether an expression depends on something besides parameters and targets."""
    return any(model[leaf.name].role not in FOLDED for leaf in value.atoms(sp.MatrixSymbol))


def operands(model: Model, value: MatrixExpr) -> tuple[MatrixExpr, ...]:
    """What an operation reads from other nodes, each value once."""
    return () if is_leaf(value) else tuple(dict.fromkeys(a for a in value.args if isinstance(a, MatrixExpr) and flows(model, a)))


def operations(model: Model) -> tuple[Operation, ...]:
    """The operations of a step in the order of computation, the loss last."""
    builder = _Builder(model)
    for equation in model.all_equations:
        if flows(model, equation.value):
            builder.name(equation.target, builder.node(equation.value))
    return tuple(builder.nodes)


def carried(node: Operation) -> bool:
    """Whether a given value is a state of the step before."""
    return node.given and getattr(node.value, "step", TIME) != TIME
