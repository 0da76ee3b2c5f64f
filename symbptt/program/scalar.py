"""The scalar formula of an elementwise node, in the form that does not overflow."""

from __future__ import annotations

import sympy as sp

from symbptt.algebra import functions
from symbptt.algebra.nodes import Elementwise, Slope, SlopeByResult


def formula(node: Elementwise) -> sp.Expr:
    """The scalar expression of an elementwise node, with its numeric arguments filled in."""
    row = functions.FUNCTIONS[node.name]
    value: sp.Expr = row.safe_value if row.safe_value is not None else row.value
    if isinstance(node, SlopeByResult):
        value = row.by_result
    elif isinstance(node, Slope):
        value = row.safe_slope if row.safe_slope is not None else functions.slope(node.name)
    return value.subs(dict(zip(row.symbols(), node.numbers, strict=True)))
