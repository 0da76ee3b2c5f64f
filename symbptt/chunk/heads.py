"""Heads in a chunk form: the rewrite sees the formulas of one head, and what it writes is lifted to those of all heads.

A model of M heads is rewritten as if there were one. `Mixed` nodes hold the places of merge_heads, split_heads and sum_heads, the
only ones that lead from one head to others. Back for all heads, a matrix (C, n) of one head has become (M C, n): the heads below
each other, each with its tokens, so that products of the chunk are products of all heads at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import heads as of
from symbptt.algebra import tidy
from symbptt.algebra.head_nodes import CutHeads, JoinHeads, OfHeads, SumHeads
from symbptt.algebra.nodes import CONSTANTS, Broadcast, is_leaf
from symbptt.model.one_head import one_head
from symbptt.model.values import Equation, Model, Variable


class Mixed(OfHeads):
    """Mixed(X, M): what leads from the formula of one head to that of all. For a token X is a column, for a chunk its rows."""

    along_columns = False

    @property
    def tokens(self) -> type[Mixed]:
        """The same for the rows of a chunk."""
        return _ROWS[type(self)]


class Merged(Mixed, JoinHeads):
    """The heads as one vector."""

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        rows, columns = self.args[0].shape
        return (rows, sp.expand(self.heads * columns)) if self.along_columns else (sp.expand(self.heads * rows), columns)


class Parted(Mixed, JoinHeads):
    """A vector as that of one head."""

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        rows, columns = self.args[0].shape
        return (rows, sp.expand(columns / self.heads)) if self.along_columns else (sp.expand(rows / self.heads), columns)


class Summed(Mixed):
    """The sum over the heads."""

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return (self.args[0].shape[0], self.args[0].shape[1])


class MergedRows(Merged):
    """The heads of every token beside each other: (C, n) of each head as (C, M n)."""

    along_columns = True


class PartedRows(Parted):
    """The way back."""

    along_columns = True


_ROWS: dict[type[Mixed], type[Mixed]] = {Merged: MergedRows, Parted: PartedRows, Summed: Summed}


def _mixed(node: MatrixExpr, operand: MatrixExpr) -> MatrixExpr:
    kind = Summed if isinstance(node, SumHeads) else Parted if isinstance(node, CutHeads) else Merged
    return kind(operand, node.heads)


def alone(model: Model) -> Model:
    """The model of one head; one without heads stays as it is."""
    if model.heads is None:
        return model
    own = {v.name: _own(v) for v in model.variables}

    def made(equation: Equation) -> Equation:
        return replace(equation, target=own[equation.target.name], value=one_head(equation.value, model, _mixed))

    loss = model.loss and replace(model.loss, equations=tuple(map(made, model.loss.equations)))
    return replace(model, variables=tuple(own.values()), equations=tuple(map(made, model.equations)), loss=loss)


def _own(variable: Variable) -> Variable:
    if variable.heads is None:
        return variable
    return replace(variable, shape=variable.shape[1:], rows=sp.expand(variable.rows / variable.heads), heads=None)


@dataclass(frozen=True)
class Lift:
    """Formulas of one head as those of all; `heads` is their number, `belongs` tells of a name whether each head has its own."""

    heads: sp.Expr | None
    belongs: Callable[[str], bool]

    def __call__(self, value: MatrixExpr, own: bool | None = None) -> tuple[MatrixExpr, bool]:
        """The formula, and whether it belongs to each head; with `own` it is made to."""
        if self.heads is None:
            return value, False
        made, found = self._lifted(value)
        return (of.each(made, self.heads), True) if own and not found else (made, found)

    def variable(self, variable: Variable) -> Variable:
        """A variable of one head as that of all."""
        heads = self.heads
        assert heads is not None
        rows = sp.expand(heads * variable.rows)
        return replace(variable, shape=(str(heads), *variable.shape), rows=rows, heads=heads)

    def _lifted(self, value: MatrixExpr) -> tuple[MatrixExpr, bool]:
        heads = self.heads
        if is_leaf(value):
            name, rows, columns, *step = value.args
            own = self.belongs(value.name)
            return (value.func(name, sp.expand(heads * rows), columns, *step) if own else value), own
        if isinstance(value, CONSTANTS):
            return value, False
        number, factors = tidy.split_number(value)
        if isinstance(value, sp.MatMul):
            made, own = self._product(factors)
            return tidy.scale(number, made), own
        parts = [self._lifted(a) for a in value.args if isinstance(a, MatrixExpr)]
        own = any(belongs for _, belongs in parts)
        if isinstance(value, Mixed):
            return self._mixed(value, *parts[0])
        if not own:
            whole = iter(made for made, _ in parts)
            return value.func(*(next(whole) if isinstance(a, MatrixExpr) else a for a in value.args)), False
        if isinstance(value, sp.Transpose):
            return of.transpose(parts[0][0], heads), True
        if isinstance(value, Broadcast):
            return of.spread(parts[0][0], *value.shape, heads), True
        whole = iter(made if belongs else of.each(made, heads) for made, belongs in parts)
        args = [next(whole) if isinstance(a, MatrixExpr) else a for a in value.args]
        smart = {sp.MatAdd: tidy.add, sp.HadamardProduct: tidy.hadamard}.get(type(value), value.func)
        return smart(*args), True

    def _product(self, factors: tuple[MatrixExpr, ...]) -> tuple[MatrixExpr, bool]:
        """A product; of several factors the end that has one column or row comes first."""
        if len(factors) == 1:
            return self._lifted(factors[0])
        parts = [self._lifted(factor) for factor in factors]
        if factors[-1].shape[1] == 1:
            return reduce(lambda right, left: self._pair(left, right), reversed(parts))
        return reduce(self._pair, parts)

    def _pair(self, left: tuple[MatrixExpr, bool], right: tuple[MatrixExpr, bool]) -> tuple[MatrixExpr, bool]:
        if not (left[1] or right[1]):
            return tidy.mul(left[0], right[0]), False
        a, b = (value if own else of.each(value, self.heads) for value, own in (left, right))
        return of.product(a, b, self.heads), True

    def _mixed(self, node: Mixed, value: MatrixExpr, own: bool) -> tuple[MatrixExpr, bool]:
        heads = self.heads
        if isinstance(node, Parted):
            column = tidy.transpose(value) if node.along_columns else value
            cut = of.cut(column, heads)
            return (of.transpose(cut, heads) if node.along_columns else cut), True
        value = value if own else of.each(value, heads)
        if isinstance(node, Summed):
            return of.total(value, heads), False
        if node.along_columns:
            return tidy.transpose(of.joined(of.transpose(value, heads), heads)), False
        return of.joined(value, heads), False
