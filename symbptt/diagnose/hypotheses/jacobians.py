"""Mistakes in the product of the Jacobians of the steps, as code has it that multiplies them out for every pair (t, k)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod

from symbptt.algebra.nodes import BatchMean
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.mutant import Mutant
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass, Chain

MAX_ENTRIES = 100
"""With more entries in all states together the Jacobians are not multiplied out."""
MAX_STEPS = 16
_RIGHT = "J_t J_{t−1} … J_{k+1}"


@dataclass(frozen=True)
class _Wrong:
    cause: str
    chain: Chain
    wrong: str
    also: tuple[tuple[str, str], ...] = ()


_TABLE = (
    _Wrong("order-wrong", Chain(lambda t, k: range(k + 1, t + 1)), "J_{k+1} J_{k+2} … J_t"),
    _Wrong("transpose-missing", Chain(lambda t, k: range(t, k, -1), True), "J_{k+1} … J_t g, with J for Jᵀ"),
    _Wrong("order-wrong", Chain(lambda t, k: range(k + 1, t + 1), True), "J_t … J_{k+1} g, with J for Jᵀ"),
    _Wrong("product-too-long", Chain(lambda t, k: range(t, max(k, 1) - 1, -1)), "",
           (("index", "j"), ("ends", "start"), ("bound", "j = k"), ("other", "j = k+1"))),
    _Wrong("product-too-short", Chain(lambda t, k: range(t, k + 1, -1)), "",
           (("index", "j"), ("ends", "start"), ("bound", "j = k+2"), ("other", "j = k+1"))),
    _Wrong("product-too-short", Chain(lambda t, k: range(t - 1, k, -1)), "",
           (("index", "j"), ("ends", "end"), ("bound", "j = t−1"), ("other", "j = t"))),
    _Wrong("off-by-one", Chain(lambda t, k: range(t - 1, max(k, 1) - 1, -1)), "J_{t−1} … J_k"),
    _Wrong("factor-wrong", Chain(lambda t, k: [t] * (t - k)), "the power J_t^{t−k}"),
    _Wrong("factor-wrong", Chain(lambda t, k: [k + 1] * (t - k)), "the power J_{k+1}^{t−k}"),
)


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """The product reversed, transposed, too long, too short, or a power of one Jacobian."""
    states = [s for s in backward.model.states if backward.into(s.name, lagged=True)]
    entries = sum(prod(point.size(s)) for s in backward.model.states)
    coupled = any(r.value.has(BatchMean) for r in backward.routes)
    if not states or coupled or not 2 <= point.T <= MAX_STEPS or entries > MAX_ENTRIES:
        return
    letter = words.value(states[0], backward.model).replace("ₜ", "") if len(states) == 1 else "s"
    of = "" if len(states) == 1 else f", where s is all of {', '.join(s.name for s in states)}"
    place = f"the product of the Jacobians J_j = ∂{letter}_j/∂{letter}_{{j−1}}{of}"
    number = next(r.number for r in backward.routes if r.target == states[0])
    for row in _TABLE:
        shown = (("place", place), ("wrong", row.wrong), ("right", _RIGHT), ("right_factor", "it"), *row.also)
        cause = Cause(row.cause, states[0].name if len(states) == 1 else None, states[0].name, number, shown, True)
        yield Mutant((cause,), lambda p, chain=row.chain: replace(p, chain=chain))  # type: ignore[misc]
