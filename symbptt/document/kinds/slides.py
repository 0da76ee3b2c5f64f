"""A lecture: one idea a slide, the derivation revealed step by step."""

from __future__ import annotations

from symbptt.document.kinds.kind import Kind
from symbptt.document.parts import card, cell, coded, derived, goals, magnitude, pictured, pitfalls, remedies, vanishing, worked

PARTS = (
    goals.goals, pictured.graph, derived.equations, cell.seen, derived.identities, derived.factors, derived.sums,
    derived.recursion, magnitude.magnitude, vanishing.norm_bound, remedies.remedies, worked.worked, coded.beside, coded.loop,
    pitfalls.pitfalls, card.card,
)
KIND = Kind(PARTS, slides=True, at_length=frozenset((worked.worked, coded.loop, card.card)))
