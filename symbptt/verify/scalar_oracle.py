"""The oracle: every entry a scalar SymPy symbol, the whole recurrence written out, differentiated by SymPy alone.

It shares no code with the other routes: its own reading of the equations into Python lists, its own functions. Expressions
grow about twofold per step, so it serves at sizes of one or two and up to three steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from symbptt.algebra import nodes
from symbptt.errors import MissingRule
from symbptt.model.values import Model, Role, Variable
from symbptt.verify.data import Data
from symbptt.verify.scalar_nodes import NODES, NUMERIC, Matrix, mean, sized

Symbols = dict[str, NDArray[Any]]

_LEAVES = (Role.PARAMETER, Role.BUFFER, Role.INPUT, Role.TARGET, Role.STATE)


@dataclass(frozen=True)
class Written:
    """The objective, summed over steps and samples, as one scalar expression in the entries of all data."""

    model: Model
    data: Data
    symbols: Symbols
    total: sp.Expr

    def nodes(self, limit: int) -> int:
        """The number of nodes of the expression, counted up to a limit."""
        return sum(1 for _ in islice(sp.preorder_traversal(self.total), limit))

    def gradients(self, names: Iterable[str]) -> dict[str, NDArray[Any]]:
        """The derivatives, evaluated at the data, by name and in the shapes of the data."""
        wanted = {name: [sp.diff(self.total, s) for s in self.symbols[name].ravel()] for name in names}
        real = [v for v in self.model.of(*_LEAVES) if not _holds_classes(self.data.value(v))]
        free = [s for v in real for s in self.symbols[v.name].ravel()]
        point = [0.0 if _starts(v, self.data) else float(x) for v in real for x in self.data.value(v).ravel()]
        evaluated = iter(sp.lambdify(free, list(chain.from_iterable(wanted.values())), modules=NUMERIC, cse=True)(*point))
        return {name: np.array([next(evaluated) for _ in s]).reshape(self.symbols[name].shape) for name, s in wanted.items()}


def write(model: Model, data: Data) -> Written:
    """Write out a model at the sizes of the data, of which every step and sample counts.

    Raises MissingRule or UnknownName for a node or function that the tables here do not cover.
    """
    symbols = {v.name: _symbols(v, data) for v in model.of(*_LEAVES)}
    return Written(model, data, symbols, _total(model, data, symbols))


def _starts(variable: Variable, data: Data) -> bool:
    """Whether a state starts from a parameter, since it is not given."""
    return variable.initial is not None and variable.name not in data.states


def _holds_classes(array: NDArray[Any]) -> bool:
    return array.dtype.kind in "iu"


def _symbols(variable: Variable, data: Data) -> NDArray[Any]:
    """One symbol per entry; classes become the numbers 0 and 1."""
    given = data.value(variable)
    if _holds_classes(given):
        rows = range(int(sized(variable.rows, data.dims)))
        hot = [[sp.Integer(int(row == label)) for row in rows] for label in given.ravel()]
        return np.array(hot, dtype=object).reshape(*given.shape, len(rows))
    made = [sp.Symbol(f"{variable.name}__{i}", real=True) for i in range(given.size)]
    return np.array(made, dtype=object).reshape(given.shape)


def _total(model: Model, data: Data, symbols: Symbols) -> sp.Expr:
    values: dict[tuple[str, int], list[Matrix]] = {}
    for variable in model.states:
        # A state that starts from a parameter is that plus a symbol of its own, whose value is zero.
        start = symbols[variable.initial] if variable.initial and _starts(variable, data) else sp.S.Zero
        values[variable.name, 0] = [_matrix(symbols[variable.name][n] + start) for n in range(data.N)]
    summands: list[sp.Expr] = []
    counted = 0
    for t in range(1, data.T + 1):
        scope = _Scope(model, data, symbols, values, t)
        for equation in model.equations:
            values[equation.target.name, t] = scope.build(equation.value)
        if model.loss is None:
            summands += [data.cotangents[v.name][t - 1, n].ravel()[i] * entry for v in model.outputs for n in range(data.N)
                         for i, entry in enumerate(chain.from_iterable(values[v.name, t][n]))]
        elif model.loss.at == "every" or t == data.T:
            for equation in model.loss.equations:
                values[equation.target.name, t] = scope.build(equation.value)
            summands += [sample[0][0] for sample in values[model.loss.target.name, t]]
            counted += _counted(model, data, t)
    mean = model.loss is not None and model.loss.reduction == "mean"
    return sp.Add(*summands) / max(1, counted) if mean else sp.Add(*summands)


def _counted(model: Model, data: Data, t: int) -> int:
    """The samples of a step that its mask counts."""
    if model.loss is None or model.loss.mask is None:
        return data.N
    return int((data.inputs[model.loss.mask][t - 1] > 0.5).sum())


def _matrix(array: Any) -> Matrix:
    entries = np.asarray(array, dtype=object)
    rows = entries.reshape(*entries.shape, *(1,) * (2 - entries.ndim)).tolist()
    return [list(row) for row in rows]


@dataclass(frozen=True)
class _Scope:
    """Everything that an equation of step t may read."""

    model: Model
    data: Data
    symbols: Symbols
    values: Mapping[tuple[str, int], list[Matrix]]
    t: int

    def build(self, node: Any) -> list[Matrix]:
        """The node's value for every sample."""
        if isinstance(node, sp.MatrixSymbol):
            return self._leaf(node)
        operands = [self.build(a) for a in node.args if getattr(a, "is_Matrix", False)]
        if isinstance(node, nodes.BatchMean):
            return [mean(operands[0])] * self.data.N
        rule = NODES.get(type(node))
        if rule is None:
            raise MissingRule("scalar form", node, "symbptt/verify/scalar_nodes.py")
        return [rule(self.data.dims, node, *(operand[n] for operand in operands)) for n in range(self.data.N)]

    def _leaf(self, node: sp.MatrixSymbol) -> list[Matrix]:
        step = int(node.step.subs(nodes.TIME, self.t)) if isinstance(node, nodes.Timed) else self.t
        if (node.name, step) in self.values:
            return self.values[node.name, step]
        array = self.symbols[node.name]
        if self.model[node.name].role in (Role.PARAMETER, Role.BUFFER):
            return [_matrix(array[step - 1] if self.model[node.name].timed else array)] * self.data.N
        return [_matrix(array[step - 1, n]) for n in range(self.data.N)]
