"""The nodes of heads: M matrices of one shape (r, c), a head each, stand below each other as one matrix (M r, c).

What is written with matrices holds for each head: HeadProduct stands for A B of every head, HeadTranspose for its transpose, so
that derivation and printing see the formula of one head. Sums and elementwise products need no nodes of their own. The last
argument of each node is the number of heads.
"""

import sympy as sp

from symbptt.algebra.nodes import Kinds, _Node


class OfHeads(_Node):
    """Base of the nodes of heads."""

    @property
    def heads(self) -> sp.Expr:
        """The number of heads."""
        return self.args[-1]


class HeadProduct(OfHeads):
    """HeadProduct(A, B, M): the product A B of each head; A is (M r, c), B (M c, d)."""

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return (self.args[0].shape[0], self.args[1].shape[1])


class HeadTranspose(OfHeads):
    """HeadTranspose(X, M): the transpose of each head, of shape (M c, r)."""

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        rows, columns = self.args[0].shape
        return (sp.expand(self.heads * columns), per_head(rows, self.heads))


class HeadBroadcast(OfHeads):
    """HeadBroadcast(x, rows, columns, M): of a head a scalar in all entries, a column in all columns or a row in all rows."""

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return (sp.expand(self.heads * self.args[1]), self.args[2])


class EachHead(OfHeads):
    """EachHead(X, M): what heads share, (r, c), once for each of them, (M r, c)."""

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return (sp.expand(self.heads * self.args[0].shape[0]), self.args[0].shape[1])


class SumHeads(OfHeads):
    """SumHeads(X, M): the sum over the heads, of (M r, c) the (r, c)."""

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return (per_head(self.args[0].shape[0], self.heads), self.args[0].shape[1])


class JoinHeads(OfHeads):
    """JoinHeads(X, M): the vectors of the heads as one vector of M r entries, which stay where they are."""

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return (self.args[0].shape[0], self.args[0].shape[1])


class CutHeads(JoinHeads):
    """CutHeads(v, M): a vector of M r entries as the vectors of the heads, the way back from JoinHeads."""


def per_head(rows: sp.Expr, heads: sp.Expr) -> sp.Expr:
    """The rows of one head, where `rows` are those of all."""
    return sp.expand(rows / heads)


HEADS: Kinds = (HeadProduct, HeadTranspose, HeadBroadcast, EachHead, SumHeads, JoinHeads, CutHeads)
"""Every node of this file; like those that move entries they stand in sums, over atoms and over one another."""
