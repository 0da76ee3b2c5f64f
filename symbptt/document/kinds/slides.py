"""A lecture: one idea a slide, the derivation revealed step by step."""

from symbptt.document.kinds.kind import Kind
from symbptt.document.parts import card, cell, coded, derived, goals, lecture, magnitude, pictured, remedies, vanishing, worked

PARTS = (
    goals.goals, pictured.graph, derived.equations, cell.seen, derived.identities, lecture.factors, derived.sums,
    lecture.recursion, coded.loop, magnitude.magnitude, vanishing.norm_bound, remedies.remedies, worked.worked,
    lecture.pitfalls, card.card,
)
KIND = Kind(PARTS, slides=True, at_length=frozenset((worked.worked, coded.loop, card.card)))
