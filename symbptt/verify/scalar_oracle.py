"""The oracle: every entry a scalar, every operation on entries differentiated by SymPy, the chain rule forward in time.

It shares no code with the other routes: its own reading of the equations into Python lists, its own functions. Operations meet
symbols in place of their operands, so that no expression holds another: their size does not grow with the number of steps, nor
with the depth of an equation, and SymPy never asks what is known about an argument.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from symbptt.algebra import nodes
from symbptt.data.values import GIVEN, Data
from symbptt.errors import MissingRule
from symbptt.model.values import Model, Role, Variable
from symbptt.verify.scalar_nodes import NODES, NUMERIC, Matrix, mean, sized

Array = NDArray[Any]
Values = dict[tuple[str, int], list[Array]]
"""By name and step, for every sample an array (rows, columns, 1 + directions): a value, and its derivatives along directions."""
Rule = Callable[..., Sequence[float]]



def gradients(model: Model, data: Data, names: Iterable[str]) -> dict[str, Array]:
    """The derivatives of the objective by every entry of these variables, in the shapes of the data.

    Every step and sample of the data counts. Raises MissingRule or UnknownName for a node or function that the tables here do
    not cover.
    """
    wanted = tuple(names)
    leaves = _directions(model, data, wanted)
    objective = _total(model, data, leaves)
    found, start = dict[str, Array](), 1
    for name in wanted:
        shape = data.value(model[name]).shape
        stop = start + int(np.prod(shape))
        found[name] = objective[start:stop].reshape(shape)
        start = stop
    return found


def _directions(model: Model, data: Data, names: tuple[str, ...]) -> dict[str, Array]:
    """The data with one more axis: the value of an entry, then 1 at its own direction, if it is one of the wanted ones."""
    count = sum(data.value(model[name]).size for name in names)
    made = {v.name: _constant(_numbers(v, data), count) for v in model.of(*GIVEN)}
    start = 1
    for name in names:
        flat = made[name].reshape(-1, 1 + count)
        flat[:, start : start + len(flat)] = np.eye(len(flat))
        start += len(flat)
    for v in model.states:
        if v.initial is not None and v.name not in data.states:
            # A state that starts from a parameter moves with it, too.
            made[v.name][..., 1:] += made[v.initial][..., 1:]
    return made


def _constant(values: Array, count: int) -> Array:
    return np.concatenate((values[..., None], np.zeros((*values.shape, count))), axis=-1)


def _numbers(variable: Variable, data: Data) -> Array:
    """The values; classes become the numbers 0 and 1."""
    given = data.value(variable)
    if given.dtype.kind not in "iu":
        return np.array(given, float)
    return np.equal.outer(given, np.arange(int(sized(variable.rows, data.dims)))).astype(float)


def _total(model: Model, data: Data, leaves: Mapping[str, Array]) -> Array:
    """The objective, summed over steps and samples, and its derivatives."""
    values: Values = {(v.name, 0): [_matrix(leaves[v.name][n], v) for n in range(data.N)] for v in model.states}
    scope = _Scope(model, data, leaves, values)
    summands: list[Array] = []
    counted = 0
    for t in range(1, data.T + 1):
        for equation in model.equations:
            values[equation.target.name, t] = scope.build(equation.value, t)
        if model.loss is None:
            summands += [_weighed(values[v.name, t][n], data.cotangents[v.name][t - 1, n]) for v in model.outputs
                         for n in range(data.N)]
        elif model.loss.at == "every" or t == data.T:
            for equation in model.loss.equations:
                values[equation.target.name, t] = scope.build(equation.value, t)
            summands += [sample[0, 0] for sample in values[model.loss.target.name, t]]
            counted += _counted(model, data, t)
    total: Array = np.sum(summands, axis=0)
    return total / max(1, counted) if model.loss is not None and model.loss.reduction == "mean" else total


def _weighed(value: Array, weight: Array) -> Array:
    total: Array = weight.ravel() @ value.reshape(-1, value.shape[-1])
    return total


def _counted(model: Model, data: Data, t: int) -> int:
    """The samples of a step that its mask counts."""
    if model.loss is None or model.loss.mask is None:
        return data.N
    return int((data.inputs[model.loss.mask][t - 1] > 0.5).sum())


def _matrix(array: Array, variable: Variable) -> Array:
    """Rows and columns, and the axis of directions, of a scalar, vector or matrix; the matrices of heads lie below each other."""
    *size, last = array.shape
    own = (size[0] * (size[1] if len(size) > 1 else 1), *size[2:]) if variable.heads is not None else size
    return array.reshape(*(*own, 1, 1)[:2], last)


@dataclass(frozen=True)
class _Scope:
    """Everything that an equation may read; `rules` are the operations met so far, differentiated."""

    model: Model
    data: Data
    leaves: Mapping[str, Array]
    values: Values
    rules: dict[tuple[Any, ...], Rule] = field(default_factory=dict)

    def build(self, node: Any, t: int) -> list[Array]:
        """The node's value at step t for every sample."""
        if isinstance(node, sp.MatrixSymbol):
            return self._leaf(node, t)
        operands = [self.build(a, t) for a in node.args if getattr(a, "is_Matrix", False)]
        if isinstance(node, nodes.BatchMean):
            return [self._apply(node, operands[0])] * self.data.N
        return [self._apply(node, [operand[n] for operand in operands]) for n in range(self.data.N)]

    def _apply(self, node: Any, operands: list[Array]) -> Array:
        """An operation at numbers: its value, and its derivatives times those of the operands."""
        shapes = tuple(operand.shape[:2] for operand in operands)
        if (node, shapes) not in self.rules:
            self.rules[node, shapes] = _differentiated(self.data.dims, node, shapes)
        count = next(iter(self.leaves.values())).shape[-1] if self.leaves else 1
        entries = np.concatenate([operand.reshape(-1, count) for operand in operands]) if operands else np.zeros((0, count))
        numbers = np.array(self.rules[node, shapes](*entries[:, 0]), float)
        rows, columns = (int(sized(extent, self.data.dims)) for extent in node.shape)
        table = numbers.reshape(rows * columns, 1 + len(entries))
        slopes = table[:, 1:] @ entries[:, 1:]
        return np.concatenate((table[:, :1], slopes), axis=1).reshape(rows, columns, count)

    def _leaf(self, node: sp.MatrixSymbol, t: int) -> list[Array]:
        step = int(node.step.subs(nodes.TIME, t)) if isinstance(node, nodes.Timed) else t
        if (node.name, step) in self.values:
            return self.values[node.name, step]
        array, variable = self.leaves[node.name], self.model[node.name]
        if variable.role in (Role.PARAMETER, Role.BUFFER):
            return [_matrix(array[step - 1] if variable.timed else array, variable)] * self.data.N
        return [_matrix(array[step - 1, n], variable) for n in range(self.data.N)]


def _differentiated(dims: Mapping[str, int], node: Any, shapes: tuple[tuple[int, ...], ...]) -> Rule:
    """From the operands' entries to each entry of the result, followed by its derivatives by all of them."""
    names = iter(range(sum(rows * columns for rows, columns in shapes)))
    operands = [[[sp.Symbol(f"z{next(names)}") for _ in range(columns)] for _ in range(rows)] for rows, columns in shapes]
    symbols = [entry for operand in operands for row in operand for entry in row]
    result = list(chain.from_iterable(_written(dims, node, operands)))
    formulas = [formula for entry in result for formula in (entry, *(sp.diff(entry, symbol) for symbol in symbols))]
    rule: Rule = sp.lambdify(symbols, formulas, modules=NUMERIC)
    return rule


def _written(dims: Mapping[str, int], node: Any, operands: list[Matrix]) -> Matrix:
    if isinstance(node, nodes.BatchMean):
        return mean(operands)
    rule = NODES.get(type(node))
    if rule is None:
        raise MissingRule("scalar form", node, "symbptt/verify/scalar_nodes.py")
    return rule(dims, node, *operands)
