"""Which parameters close the loop from one step to the next, and which are only added."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any

import sympy as sp

from symbptt.algebra.linear import LinearMap
from symbptt.derive.step import state_jacobian
from symbptt.model.values import Model, Role, Variable


def symbols(value: Any) -> set[str]:
    """The names of the variables in a linear map."""
    if isinstance(value, LinearMap):
        assert is_dataclass(value)
        return set().union(*(symbols(getattr(value, f.name)) for f in fields(value)), set())
    if isinstance(value, tuple):
        return set().union(*map(symbols, value), set())
    return {s.name for s in value.atoms(sp.MatrixSymbol)}


@lru_cache(maxsize=64)
def recurrent(model: Model) -> tuple[str, ...]:
    """The square matrices among the parameters that the state Jacobian contains, in file order: W_hh, or the four of an LSTM."""
    inside = set().union(*map(symbols, state_jacobian(model).values()), set())
    return tuple(
        v.name for v in model.parameters if v.name in inside and len(v.shape) == 2 and v.rows == v.columns
    )


@lru_cache(maxsize=512)
def adds_only(model: Model, variable: Variable) -> bool:
    """Whether a parameter is only ever a summand, as a bias is; a factor must not start at zero."""
    symbol = variable.at()
    uses = [e.value for e in model.all_equations if e.value.has(symbol)]
    return all(_summand(value, symbol) for value in uses)


def _summand(value: sp.Basic, symbol: sp.MatrixSymbol) -> bool:
    terms = value.args if isinstance(value, sp.MatAdd) else (value,)
    inner = [term for term in terms if term.has(symbol)]
    return all(term == symbol or (len(term.args) == 1 and _summand(term.args[0], symbol)) for term in inner)


def state_size(model: Model) -> sp.Expr:
    """The number of entries of s_t."""
    return sp.Add(*(v.rows * v.columns for v in model.of(Role.STATE)))
