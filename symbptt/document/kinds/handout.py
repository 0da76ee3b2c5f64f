"""What a class gets in its hands: goals, the derivation with pictures, numbers and code, mistakes, exercises, a card."""

from symbptt.document.kinds.kind import Kind
from symbptt.document.parts import (
    card,
    cell,
    closing,
    coded,
    derived,
    exercises,
    goals,
    magnitude,
    opening,
    pictured,
    pitfalls,
    remedies,
    vanishing,
    worked,
)

KIND = Kind(
    (
        goals.goals, opening.remarks, opening.notation, derived.forward, pictured.graph, derived.identities, cell.cell,
        derived.local_derivatives, derived.factors, derived.sums, derived.terms, derived.recursion, magnitude.magnitude,
        vanishing.norm_bound, remedies.remedies, worked.worked, closing.code, coded.loop, coded.check, pitfalls.pitfalls,
        exercises.exercises, card.card, closing.references,
    ),
    exercises=True,
    in_chunks=True,
    of_sheet=frozenset((
        goals.goals, opening.remarks, opening.notation, derived.forward, derived.identities, exercises.exercises,
        closing.references,
    )),
    at_length=frozenset((derived.local_derivatives, derived.terms, coded.loop, coded.check, card.card)),
)
