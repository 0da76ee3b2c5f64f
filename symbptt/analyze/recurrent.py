"""Which parameters close the loop from one step to the next."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any

import sympy as sp

from symbptt.algebra.linear import LinearMap
from symbptt.derive.step import state_jacobian
from symbptt.model.values import Model


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
