"""Affine components: states that together follow s_t = A_t s_{t-1} + b_t, where A_t and b_t do not depend on them.

The states are the nodes of a graph with an edge for every block of J_t that is not zero; a component is a strongly connected
part of it. A component is affine if no weight in its blocks of J_t depends, inside the step, on its own states of step t-1:
then those blocks are A_t, and b_t is what its equations give where its states of step t-1 are zero. States of earlier
components are data to it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.linear import LinearMap
from symbptt.algebra.nodes import TIME
from symbptt.derive.step import state_jacobian
from symbptt.derive.transition import Transition, of_block, of_blocks, weights
from symbptt.model.one_head import map_of_one_head, one_head
from symbptt.model.values import Model


@dataclass(frozen=True)
class Component:
    """States that depend on each other from step to step.

    `blocks` are the component's blocks of J_t by (row, column), each with what it is; `nonlinear` names the values of the step,
    or states of the step before, through which the blocks depend on the component's own past: none if it is affine.
    """

    states: tuple[str, ...]
    blocks: tuple[tuple[str, str, Transition], ...]
    nonlinear: tuple[str, ...]
    transition: Transition | None
    """A_t as a whole; None where the component is not affine, or does not read its own past."""

    @property
    def recurrent(self) -> bool:
        """Whether the component reads its own past at all."""
        return bool(self.blocks)

    @property
    def affine(self) -> bool:
        """Whether the component is affine in itself."""
        return not self.nonlinear


@lru_cache(maxsize=64)
def components(model: Model) -> tuple[Component, ...]:
    """The components of a model's states, each behind those that it reads."""
    jacobian = state_jacobian(model)
    names = tuple(s.name for s in model.states)
    return tuple(_component(model, part, jacobian) for part in _connected(names, jacobian))


def definitions(model: Model) -> dict[sp.MatrixSymbol, MatrixExpr]:
    """The values of a step that have an equation; what belongs to each head is that of one head, as in transitions."""
    return {one_head(e.target.at(), model): one_head(e.value, model) for e in model.equations}


def _size(model: Model, state: str) -> sp.Expr:
    """The number of entries of a state, or of one head of it."""
    return sp.Mul(*one_head(model[state].at(), model).shape)


def _connected(names: tuple[str, ...], edges: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """The strongly connected parts of the graph of (row, column), sources first."""
    before = {name: {name} for name in names}
    edges = tuple(edges)
    for _ in names:
        for row, column in edges:
            before[row] |= before[column]
    parts = dict.fromkeys(tuple(m for m in names if m in before[n] and n in before[m]) for n in names)
    return tuple(sorted(parts, key=lambda part: len(before[part[0]])))


def _component(model: Model, states: tuple[str, ...], jacobian: dict[tuple[str, str], LinearMap]) -> Component:
    own = {pair: item for pair, item in jacobian.items() if set(pair) <= set(states)}
    past = frozenset(states)
    within = _dependent(model, past)
    symbols = {symbol for item in own.values() for weight in weights(item) for symbol in weight.atoms(sp.MatrixSymbol)}
    read = {symbol.name for symbol in symbols if _is_own(symbol, past, within)}
    known = definitions(model)
    blocks = tuple(
        (row, column, of_block(map_of_one_head(item, model), _size(model, row), _size(model, column), known))
        for (row, column), item in own.items()
    )
    whole = None if read or not blocks else of_blocks(states, blocks)
    return Component(states, blocks, tuple(e.target.name for e in model.equations if e.target.name in read), whole)


def _is_own(symbol: sp.MatrixSymbol, past: frozenset[str], within: frozenset[str]) -> bool:
    step = getattr(symbol, "step", None)
    return (step == TIME - 1 and symbol.name in past) or (step == TIME and symbol.name in within)


def _dependent(model: Model, past: frozenset[str]) -> frozenset[str]:
    """The values of step t that depend on these states of step t-1."""
    found: frozenset[str] = frozenset()
    for equation in model.equations:
        if any(_is_own(symbol, past, found) for symbol in equation.value.atoms(sp.MatrixSymbol)):
            found |= {equation.target.name}
    return found
