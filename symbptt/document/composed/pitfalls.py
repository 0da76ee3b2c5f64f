"""What may be lost between the members of a composed model, and what is then left of the gradients of the example."""

from collections.abc import Iterator

import numpy as np

from symbptt.compose.slips import LINK, SHARE, TURN_BACK, TURN_IN, UNMASKED, Slip, slips
from symbptt.document.blocks import Block, Box, Heading, Paragraph
from symbptt.document.composed import worked
from symbptt.document.composed.example import Linked
from symbptt.document.composed.members import Member, members
from symbptt.document.context import DocumentContext
from symbptt.document.example.substitution import PLACES, signed
from symbptt.document.narrow import in_pairs
from symbptt.model.values import Variable
from symbptt.narrative.values import Prose
from symbptt.typeset.tree import Tree

_WORDS = {SHARE: "share", TURN_IN: "turn_in", TURN_BACK: "turn_back", UNMASKED: "mask"}


def pitfalls(context: DocumentContext) -> tuple[Block, ...]:
    """What may be lost on the way back between members, each with what is left of a gradient of the example."""
    presentation, found = context.presentation, worked.found(context)
    if found is None:
        return ()
    boxes = tuple(box for slip in slips(found.chain) if not slip.forward for box in _pitfall(slip, found, context))
    heading = Heading(presentation.text("pitfalls.heading"), "pitfalls")
    return (heading, Paragraph(presentation.prose("composed.pitfalls.intro")), *in_pairs(boxes)) if boxes else ()


def _pitfall(slip: Slip, found: Linked, context: DocumentContext) -> Iterator[Box]:
    """The mistake, with the parameter whose gradient it changes most; none if it changes nothing that the example shows."""
    wrong = found.without(slip)

    def change(v: Variable) -> float:
        right = [float(entry) for entry in found.by_hand(v)]
        return float(np.abs(np.ravel(wrong[v.name]) - right).max(initial=0.0))

    v = max(worked.parameters(found, context), key=change, default=None)
    if v is None or change(v) < 10.0**-PLACES:
        return
    say, member = context.presentation.prose, members(found.chain)[slip.number]
    numbers = ", ".join(signed(float(entry)) for entry in np.ravel(wrong[v.name]))
    right = ", ".join(map(signed, found.by_hand(v)))
    effect = say("composed.pitfalls.effect", gradient=worked.gradient(v, context), wrong=numbers, right=right)
    title = say(f"composed.pitfalls.{_kind(slip, member)}.title")
    yield Box("pitfall", title, (Paragraph(sentence(slip, member, context)), Paragraph(effect)))


def sentence(slip: Slip, member: Member, context: DocumentContext) -> Prose:
    """What is not handed over."""
    slots: dict[str, str | Tree] = {"number": str(member.number), **_slots(slip, member, context)}
    return context.presentation.prose(f"composed.pitfalls.{_kind(slip, member)}.text", **slots)


def _kind(slip: Slip, member: Member) -> str:
    if slip.kind != LINK:
        return _WORDS[slip.kind]
    return str(next(link.how for link in member.part.links if link.name == slip.name))


def _slots(slip: Slip, member: Member, context: DocumentContext) -> dict[str, str | Tree]:
    """The variable that it is about, or the values of the member, and where they come from."""
    own = member.presentation(context.presentation, context.T)
    if not slip.name:
        return {}
    source = next((link.source for link in member.part.links if link.name == slip.name), slip.name)
    origin = next(m for m in members(worked.chain_of(context)) if source in {v.name for v in m.model.variables})
    return {"name": own.name(member.model[slip.name], member.model), "source": own.name(origin.model[source], origin.model)}
