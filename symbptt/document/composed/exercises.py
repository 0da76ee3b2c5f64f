"""The exercises of a composed document: what is lost between members, the whole pass to write, and those of each member.

Members that run from the last step to the first have none: the words of ordinary exercises are about the steps of their own time.
"""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import numpy as np

from symbptt.compose.slips import slips
from symbptt.document.blocks import Block, Code, Paragraph
from symbptt.document.composed import pitfalls, whole, worked
from symbptt.document.composed.members import Member, members
from symbptt.document.context import DocumentContext
from symbptt.document.example.substitution import PLACES
from symbptt.document.exercises.generated import GeneratedExercise, said
from symbptt.document.exercises.kinds import COUNT, ERROR, FACTOR, PROVE, ExerciseKind
from symbptt.document.parts.exercises import Drawn, drawn, told
from symbptt.narrative.inline import Strong
from symbptt.narrative.values import Typed
from symbptt.typeset.tree import Tree

LINES, LOOP_LINES = 5, 30


def lost(context: DocumentContext, random: Random) -> GeneratedExercise | None:
    """Something that is not handed over: which gradients are wrong then; none where all are, or none is."""
    found = worked.found(context)
    tried = [slip for slip in slips(found.chain) if not slip.forward] if found is not None else []
    if found is None or not tried:
        return None
    slip = random.choice(tried)
    numbers = found.without(slip)
    parts: dict[bool, list[Tree]] = {True: [], False: []}
    for v in worked.parameters(found, context):
        right = np.array([float(entry) for entry in found.by_hand(v)])
        apart = np.abs(np.ravel(numbers[v.name]) - right).max(initial=0.0)
        parts[bool(apart < 10.0**-PLACES)].append(worked.gradient(v, context))
    if not all(parts.values()):
        return None
    say, member = context.presentation.prose, members(found.chain)[slip.number]
    question = (*pitfalls.sentence(slip, member, context), " ", *say("composed.exercises.lost.question"))
    answer = say("composed.exercises.lost.solution", wrong=context.presentation.listed(parts[False]),
                 right=context.presentation.listed(parts[True]))
    about = frozenset((f"{slip.kind}-{slip.number}-{slip.name}",))
    return GeneratedExercise((said(question),), say("composed.exercises.lost.hint"), (said(answer),), LINES, about=about)


def code(context: DocumentContext, random: Random) -> GeneratedExercise | None:
    """The pass of all members to be written; `symbptt diagnose` says of an answer what is wrong with it."""
    chain, say = worked.chain_of(context), context.presentation.prose
    command = Typed(" ".join(part for part in ("symbptt diagnose", chain.name, "yours.py", chain.options) if part))
    listing = next(block for block in whole.code(context) if isinstance(block, Code))
    return GeneratedExercise(
        (said(say("composed.exercises.code.question", command=command)),), say("composed.exercises.code.hint"), (listing,),
        LOOP_LINES, about=frozenset(("code",)),
    )


LOST = ExerciseKind(lost, 4, 2, "rules")
WRITE = ExerciseKind(code, 12, 3, "code")
BESIDE_DERIVATION, OF_MEMBER = (LOST,), (COUNT, PROVE)
WITHOUT_DERIVATION, OF_MEMBER_WITHOUT = (LOST, WRITE), (FACTOR, ERROR, COUNT)


def exercises(context: DocumentContext) -> tuple[Block, ...]:
    """Numbered exercises about the whole chain, then about its members, as many as the author asks for."""
    kinds, inner = (WITHOUT_DERIVATION, OF_MEMBER_WITHOUT) if context.sheet else (BESIDE_DERIVATION, OF_MEMBER)
    every = members(worked.chain_of(context))
    found = list(drawn(context, kinds))
    for member in every:
        known = {one.about for one, _ in found}
        found += [(one, kind) for one, kind in _of_member(member, context, inner) if one.about not in known]
    return told(context, found[:context.own.generated])


def _of_member(member: Member, context: DocumentContext, kinds: tuple[ExerciseKind, ...]) -> Iterator[Drawn]:
    """The exercises of a member that runs forward, each under its name."""
    if member.part.backward or not member.model.states:
        return
    title = Paragraph((Strong(member.heading(context.presentation, context.T)),))
    own = replace(member.about(context), seed=context.seed + member.number - 1)
    for one, kind in drawn(own, kinds):
        question, hint, solution = map(member.scoped, (one.question, one.hint, one.solution))
        yield replace(one, question=(title, *question), hint=hint, solution=solution), kind
