"""Which parameters close the loop from one step to the next."""

from functools import lru_cache

import sympy as sp

from symbptt.derive.step import state_jacobian
from symbptt.derive.transition import weights
from symbptt.model.values import Model


@lru_cache(maxsize=64)
def recurrent(model: Model) -> tuple[str, ...]:
    """The square matrices among the parameters that the state Jacobian contains, in file order: W_hh, or the four of an LSTM."""
    read = (s for item in state_jacobian(model).values() for value in weights(item) for s in value.atoms(sp.MatrixSymbol))
    inside = {s.name for s in read}
    return tuple(v.name for v in model.parameters if v.name in inside and len(v.shape) == 2 and v.rows == v.columns)
