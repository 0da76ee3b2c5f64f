"""How the parameters of an emitted nn.Module start: as the model file says, or by what they do in the formulas."""

from __future__ import annotations

import sympy as sp

from symbptt.model.values import Model, Variable


def table(model: Model) -> dict[str, str]:
    """An initialiser for every parameter.

    Without one in the file a matrix is xavier_uniform, a summand (a bias) starts at zero, and another vector is uniform.
    """
    return {v.name: v.init or _default(model, v) for v in model.parameters}


def _default(model: Model, parameter: Variable) -> str:
    if len(parameter.shape) == 2:
        return "xavier_uniform"
    return "zeros" if _is_summand(model, parameter) else "uniform"


def _is_summand(model: Model, parameter: Variable) -> bool:
    """Whether every formula that reads a parameter adds it."""
    symbol = parameter.at()
    readers = [e.value for e in model.all_equations if e.value.has(symbol)]
    return all(isinstance(value, sp.MatAdd) and symbol in value.args for value in readers)
