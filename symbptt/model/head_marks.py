"""Which values belong to each head, and diag(v) of each head, which is no value of its own."""

from collections.abc import Mapping

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.head_nodes import JoinHeads, OfHeads, SumHeads, per_head
from symbptt.algebra.nodes import is_leaf
from symbptt.algebra.related import Related
from symbptt.model.values import Variable


class Scaling(OfHeads):
    """Scaling(v, M): diag(v) of each head, which stands only as a factor of a product."""

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        rows = self.args[0].shape[0]
        return (rows, per_head(rows, self.heads))


def heads_of(value: sp.Basic, known: Mapping[str, Variable]) -> sp.Expr | None:
    """The dimension of heads of a value, or of what belongs to one, that belongs to each head; None where all share it."""
    if not isinstance(value, MatrixExpr):
        return None
    if is_leaf(value):
        name = (value.primal if isinstance(value, Related) else value).name
        return known[name].heads if name in known else None
    if isinstance(value, SumHeads) or type(value) is JoinHeads:
        return None
    if isinstance(value, OfHeads):
        return value.heads
    found = (heads_of(part, known) for part in value.args if isinstance(part, MatrixExpr))
    return next((heads for heads in found if heads is not None), None)
