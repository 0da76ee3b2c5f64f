"""The direct route from a state to itself: what is left of J_t when gates and other values of the step are held fixed.

For an LSTM the block of the cell is diag(f_t), for a GRU diag(z_t), for a residual cell the identity. Its product over time
is one summand of the block of ds_t/ds_k, not the whole of it; as long as it is near the identity the gradient is kept whatever
the routes through the gates do (Hochreiter and Schmidhuber 1997).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import linear, tidy
from symbptt.algebra.linear import LinearMap
from symbptt.algebra.nodes import BETWEEN, NONLINEAR, SOURCE, TIME, Diag, ProductOver
from symbptt.derive.rules import paths
from symbptt.derive.step import accumulate
from symbptt.model.read import load
from symbptt.model.values import Equation, Model, Variable


@dataclass(frozen=True)
class DirectRoute:
    """The direct route of a state: `map` is it for one step, `others` the rest of the state's own block, in template time."""

    state: Variable
    map: LinearMap
    others: LinearMap | None

    @property
    def block(self) -> MatrixExpr | None:
        """The direct part of ds_t/ds_{t-1} as a matrix: diag(f_t); None for a state that is no column."""
        return self._matrix(self.map) if self.state.columns == 1 else None

    @property
    def rest(self) -> MatrixExpr | None:
        """What the routes through gates add to the block, or None if there are none or they are no matrix."""
        return self._matrix(self.others) if self.others is not None and self.state.columns == 1 else None

    def _matrix(self, item: LinearMap) -> MatrixExpr | None:
        shape = (self.state.rows, self.state.columns)
        return linear.jacobian(item, shape, shape)

    def at(self, step: int) -> MatrixExpr | None:
        """The block at a step."""
        return None if self.block is None else self.block.xreplace({TIME: sp.Integer(step)})

    def product(self, k: int, t: int) -> MatrixExpr | None:
        """The direct part of ds_t/ds_k, written out, the step t first; diagonal blocks become one: diag(f_t * ... * f_{k+1})."""
        blocks = [block for step in range(t, k, -1) if (block := self.at(step)) is not None]
        if self.block is None:
            return None
        if blocks and all(isinstance(block, Diag) for block in blocks):
            return tidy.diag(tidy.hadamard(*(block.args[0] for block in blocks)))
        return tidy.mul(*blocks) if blocks else sp.Identity(self.state.rows)

    @property
    def chain(self) -> MatrixExpr | None:
        """The transposed direct part of ds_t/ds_k for symbolic k and t, as the sum of products has it: step k+1 first."""
        if self.block is None:
            return None
        return ProductOver(tidy.transpose(self.block).xreplace({TIME: BETWEEN}), BETWEEN, SOURCE + 1, TIME)


def direct_routes(model: Model | str) -> tuple[DirectRoute, ...]:
    """The states that their own equation reads at the step before outside any nonlinear function, each with its direct route."""
    model = load(model)
    return tuple(found for state in model.states if (found := _direct(model, state)) is not None)


def _direct(model: Model, state: Variable) -> DirectRoute | None:
    own = {e.target.at(): e for e in model.equations if e.target.definition is not None}
    equation = next(e for e in model.equations if e.target == state)
    if isinstance(equation.value, NONLINEAR):
        return None
    found = list(_along(equation, state.at(TIME - 1), own))
    if not found:
        return None
    through = accumulate(model.equations, state.at(TIME - 1), frozenset())
    others = list(_beside(equation, state.at(TIME - 1), own, through))
    return DirectRoute(state, linear.total(found), linear.total(others) if others else None)


def _linear(leaf: sp.MatrixSymbol, own: dict[sp.MatrixSymbol, Equation]) -> Equation | None:
    """The equation of an intermediate that symbptt named itself, if it is linear in what it reads one by one."""
    equation = own.get(leaf)
    return None if equation is None or isinstance(equation.value, NONLINEAR) else equation


def _along(equation: Equation, before: sp.MatrixSymbol, own: dict[sp.MatrixSymbol, Equation]) -> Iterator[LinearMap]:
    """The direct occurrences of the state in its equation."""
    for leaf, item in paths(equation.value, equation.target.at()):
        inner = _linear(leaf, own)
        if leaf == before:
            yield item
        elif inner is not None:
            yield from (linear.compose(item, deeper) for deeper in _along(inner, before, own))


def _beside(
    equation: Equation, before: sp.MatrixSymbol, own: dict[sp.MatrixSymbol, Equation], through: dict[str, LinearMap]
) -> Iterator[LinearMap]:
    """The ways through other values of the step; `through` are their derivatives by the state before."""
    for leaf, item in paths(equation.value, equation.target.at()):
        inner = _linear(leaf, own)
        if leaf == before or getattr(leaf, "step", None) != TIME:
            continue
        if inner is not None:
            yield from (linear.compose(item, deeper) for deeper in _beside(inner, before, own, through))
        elif leaf.name in through:
            yield linear.compose(item, through[leaf.name])
