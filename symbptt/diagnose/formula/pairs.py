"""The terms of a double sum side by side with the terms (t, k) of the gradient."""

from __future__ import annotations

import ast

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.formula import tree as change
from symbptt.diagnose.formula.meaning import Scope, Unfit, index, value
from symbptt.diagnose.formula.world import World
from symbptt.diagnose.formula.written import Formula
from symbptt.errors import BadInput
from symbptt.model.values import Role

Pair = tuple[int, int]


def differing(formula: Formula, world: World) -> dict[Pair, float]:
    """The difference in each term of dW = sum over t of sum over k, relative to the largest.

    The indices are matched with t and k in the way that fits better. Empty for formulas of other forms.
    """
    name = formula.left.id.removeprefix("d") if isinstance(formula.left, ast.Name) else ""
    if name not in {v.name for v in world.model.of(Role.PARAMETER) if v.tied}:
        return {}
    theirs = _theirs(formula.right, world)
    if not theirs:
        return {}
    ours = {(t, k): world.term(t, k, name) for t in world.graph.loss_steps for k in range(1, t + 1)}
    straight, turned = (_distances(ours, terms) for terms in (theirs, {(k, t): x for (t, k), x in theirs.items()}))
    best = min((straight, turned), key=lambda d: sum(size > 1e-9 for size in d.values()))
    largest = max(best.values(), default=0.0)
    return {pair: size / largest if largest and size > 1e-9 * largest else 0.0 for pair, size in best.items()}


def _theirs(right: ast.expr, world: World) -> dict[Pair, Array]:
    """The bodies of the two sums, by the values of their indices."""
    if not change.is_range(right, "sum"):
        return {}
    assert isinstance(right, ast.Call)
    inner = right.args[3]
    if not change.is_range(inner, "sum"):
        return {}
    assert isinstance(inner, ast.Call)
    outer, found = ast.unparse(right.args[0]), {}
    try:
        whole = Scope(world, {}, [0])
        for i in range(index(right.args[1], whole), index(right.args[2], whole) + 1):
            scope = whole.having(outer, i)
            for j in range(index(inner.args[1], scope), index(inner.args[2], scope) + 1):
                found[i, j] = value(inner.args[3], world, {outer: i, ast.unparse(inner.args[0]): j})
    except (Unfit, BadInput):
        return {}
    return found


def _distances(ours: dict[Pair, Array], theirs: dict[Pair, Array]) -> dict[Pair, float]:
    found: dict[Pair, float] = {}
    for pair in sorted(ours.keys() | theirs.keys()):
        a, b = (np.ravel(terms[pair]) if pair in terms else np.zeros(1) for terms in (ours, theirs))
        found[pair] = float(np.abs(a - b).max()) if a.size == b.size or 1 in (a.size, b.size) else float(np.abs(a).max())
    return found
