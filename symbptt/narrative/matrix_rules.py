"""The rules for matrix products by index, each derived once from its definition: where δ xᵀ and Wᵀ δ come from.

The loss changes by the sum of δ_k times the change of the value's entry k; SymPy takes the derivative of that sum by one entry.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.model.values import Model
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.values import Step
from symbptt.typeset.tree import Equality, Fenced, Fraction, Identifier, Operator, Row, Script, Tree

ROW, COLUMN, K, M = sp.symbols("i j k m", integer=True)
ROWS, COLUMNS = sp.symbols("p n", integer=True, positive=True)
W, X, Y, U, V, S, A = (sp.IndexedBase(name) for name in "WxyuvSa")
DELTA = sp.IndexedBase("δ")


@dataclass(frozen=True)
class Rule:
    """A value by its entry, what stands for it, and the derivatives: (entry, the same as a formula of matrices)."""

    name: str
    entry: sp.Expr
    value: sp.Expr
    derivatives: tuple[tuple[sp.Indexed, MatrixExpr], ...]

    @property
    def loss(self) -> sp.Expr:
        """The sum of δ times the value, over all entries."""
        indices = self.entry.indices
        ranges = {K: (K, 1, ROWS), M: (M, 1, COLUMNS)}
        whole = DELTA[indices] * self.value
        for index in reversed(indices):
            whole = sp.Sum(whole, ranges[index])
        return whole


def derivative(value: sp.Expr, entry: sp.Indexed) -> sp.Expr:
    """The derivative by one entry whose indices are in range, with its Kronecker deltas summed up."""
    found = value.diff(entry)
    for _ in range(4):
        if isinstance(found, sp.Sum) and len(found.limits) > 1:  # SymPy sums up a delta of the inner index only
            found = sp.Sum(sp.Sum(found.function, found.limits[-1]), *found.limits[:-1])
        found = found.doit().replace(lambda e: isinstance(e, sp.Piecewise), lambda e: e.args[0][0])
    return found


def _symbol(name: str, rows: sp.Expr, columns: sp.Expr) -> sp.MatrixSymbol:
    return sp.MatrixSymbol(name, rows, columns)


def _product(flip: bool) -> Rule:
    """a = W x; for rows a = x W."""
    delta, x, weight = _symbol("delta", ROWS, 1), _symbol("x", COLUMNS, 1), _symbol("W", ROWS, COLUMNS)
    entry = W[M, K] if flip else W[K, M]
    by = (W[COLUMN, ROW] if flip else W[ROW, COLUMN], X[COLUMN])
    return Rule("product", A[K], sp.Sum(entry * X[M], (M, 1, COLUMNS)), (
        (by[0], tidy.mul(delta, tidy.transpose(x))), (by[1], tidy.mul(tidy.transpose(weight), delta)),
    ))


def _outer(flip: bool) -> Rule:
    """S = u vᵀ; for rows S = uᵀ v."""
    delta, u, v = _symbol("delta", ROWS, COLUMNS), _symbol("u", ROWS, 1), _symbol("v", COLUMNS, 1)
    return Rule("outer", S[K, M], U[K] * V[M], (
        (U[ROW], tidy.mul(delta, v)), (V[COLUMN], tidy.mul(tidy.transpose(delta), u)),
    ))


def _entrywise(flip: bool) -> Rule:
    """a = x ⊙ y."""
    delta, y = _symbol("delta", ROWS, 1), _symbol("y", ROWS, 1)
    return Rule("entrywise", A[K], X[K] * Y[K], ((X[ROW], tidy.hadamard(delta, y)),))


def rules(model: Model, flip: bool = False) -> tuple[Rule, ...]:
    """The rules of the products that the equations of a model have."""
    products = [node for e in model.all_equations for node in e.value.atoms(sp.MatMul)]
    made = []
    if any(_times_column(node) for node in products):
        made.append(_product(flip))
    if any(_is_outer(node) for node in products) and not flip:
        made.append(_outer(flip))
    if any(e.value.has(sp.HadamardProduct) for e in model.all_equations):
        made.append(_entrywise(flip))
    return tuple(made)


def _times_column(node: sp.MatMul) -> bool:
    factors = tidy.split_number(node)[1]
    return any(a.shape[1] != 1 and a.shape[0] != 1 and b.shape[1] == 1 for a, b in pairwise(factors))


def _is_outer(node: sp.MatMul) -> bool:
    factors = tidy.split_number(node)[1]
    return any(a.shape[1] == 1 == b.shape[0] and 1 not in (a.shape[0], b.shape[1]) for a, b in pairwise(factors))


def steps(rule: Rule, presentation: Presentation) -> Iterator[Step]:
    """The definition by entries, then each derivative, by index and as a formula of matrices."""
    yield Step(Equality(presentation.tree(rule.entry), (presentation.tree(rule.value),)),
        presentation.prose("identities.rule.definition"))
    for number, (entry, whole) in enumerate(rule.derivatives, 1):
        by = derivative(rule.loss, entry)
        below = Script(Fenced(presentation.tree(whole)), _indices(entry.indices))
        change = Operator("∂", prefix=True)
        head = Fraction(Row((change, Identifier("L"))), Row((change, presentation.tree(entry))), True)
        label = f"rule-{rule.name}-{number}"
        yield Step(Equality(head, (presentation.tree(by), below)), presentation.prose(f"identities.rule.{rule.name}_{number}"),
            label=label)


def _indices(indices: Iterable[sp.Expr]) -> Tree:
    parts = [part for index in indices for part in (Operator(","), Identifier(str(index)))]
    return Row(tuple(parts[1:]))
