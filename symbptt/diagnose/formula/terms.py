"""The terms of a double sum side by side with the terms (t, k) of the gradient."""

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.formula.operations import Unfit
from symbptt.diagnose.formula.sides import Point
from symbptt.diagnose.formula.written import Formula
from symbptt.model.values import Role

Pair = tuple[int, int]


def differing(formula: Formula, point: Point) -> dict[Pair, float]:
    """The difference in each term of dW = sum over t of sum over k, relative to the largest.

    The indices are matched with t and k in the way that fits better. Empty for formulas of other forms.
    """
    world = point.world
    name = formula.left.label.removeprefix("d") if formula.left.op == "name" else ""
    if name not in {v.name for v in world.model.of(Role.PARAMETER) if v.tied}:
        return {}
    theirs = _theirs(formula, point)
    if not theirs:
        return {}
    ours = {(t, k): world.term(t, k, name) for t in world.graph.loss_steps for k in range(1, t + 1)}
    straight, turned = (_distances(ours, terms) for terms in (theirs, {(k, t): x for (t, k), x in theirs.items()}))
    best = min((straight, turned), key=lambda d: sum(size > 1e-9 for size in d.values()))
    largest = max(best.values(), default=0.0)
    return {pair: size / largest if largest and size > 1e-9 * largest else 0.0 for pair, size in best.items()}


def _theirs(formula: Formula, point: Point) -> dict[Pair, Array]:
    """The bodies of the two sums, by the values of their indices."""
    if formula.right.op != "range" or formula.right.parts[3].op != "range":
        return {}
    (outer, first, last, inner), at = formula.right.parts, point.evaluator
    if (formula.right.label, inner.label) != ("sum", "sum"):
        return {}
    found: dict[Pair, Array] = {}
    try:
        for i in range(at.step(first, {}), at.step(last, {}) + 1):
            here = {outer.label: i}
            for j in range(at.step(inner.parts[1], here), at.step(inner.parts[2], here) + 1):
                found[i, j] = at.value(inner.parts[3], {**here, inner.parts[0].label: j})
    except Unfit:
        return {}
    return found


def _distances(ours: dict[Pair, Array], theirs: dict[Pair, Array]) -> dict[Pair, float]:
    found: dict[Pair, float] = {}
    for pair in sorted(ours.keys() | theirs.keys()):
        a, b = (np.ravel(terms[pair]) if pair in terms else np.zeros(1) for terms in (ours, theirs))
        found[pair] = float(np.abs(a - b).max()) if a.size == b.size or 1 in (a.size, b.size) else float(np.abs(a).max())
    return found
