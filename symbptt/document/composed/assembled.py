"""The blocks of a composed document, from the parts of its kind.

A part is about the whole chain, about what all members have together, or about each member. Those about members that follow each
other in a kind are told together, member by member: from the last member to the first, as gradients go, or in the order of
computation where they are about the way forward.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby

from symbptt.document.blocks import Block, Heading
from symbptt.document.composed import exercises as asked
from symbptt.document.composed import pitfalls as lost
from symbptt.document.composed import whole
from symbptt.document.composed import worked as numbers
from symbptt.document.composed.again import Told
from symbptt.document.context import DocumentContext
from symbptt.document.kinds import summary
from symbptt.document.kinds.kind import Part
from symbptt.document.parts import (
    brief,
    card,
    cell,
    closing,
    coded,
    derived,
    exercises,
    goals,
    lecture,
    magnitude,
    measured,
    opening,
    pictured,
    pitfalls,
    remedies,
    vanishing,
    worked,
)
from symbptt.errors import BadInput

WHOLE: dict[Part, Part] = {
    goals.goals: whole.goals, opening.notation: whole.notation, opening.whole_notation: whole.whole_notation,
    opening.graph: whole.graph, pictured.graph: whole.graph, derived.forward: whole.forward, derived.equations: whole.equations,
    closing.code: whole.code, worked.worked: numbers.worked, pitfalls.pitfalls: lost.pitfalls, lecture.pitfalls: lost.pitfalls,
    exercises.exercises: asked.exercises,
}
"""The parts that a chain has one of its own for."""
UNITED = frozenset((opening.remarks, derived.identities, closing.references))
"""The parts that are about all members as if they were one."""
FORWARD = frozenset((cell.cell, cell.seen, brief.one_step, brief.step_forward))
"""The parts of members that are told in the order of computation."""
BRIEF = frozenset(summary.KIND.parts)
"""The parts of a sheet, whose formulas have no rules and whose headings no numbers."""
ABSENT = frozenset((
    magnitude.magnitude, vanishing.norm_bound, remedies.remedies, coded.loop, coded.check,
    card.card, brief.watch, measured.measured,
))
"""The parts that no composed document has."""
INSTEAD: dict[Part, Part] = {lecture.recursion: derived.recursion}
"""Parts with code of one model, and those without."""


Tell = Callable[[Part, DocumentContext], tuple[Block, ...]]
"""Makes the blocks of a part, with what the author adds to it."""


def blocks(parts: tuple[Part, ...], context: DocumentContext, tell: Tell) -> list[Block]:
    """The blocks of these parts."""
    made: list[Block] = []
    for group, run in groupby((INSTEAD.get(part, part) for part in parts if part not in ABSENT), key=_group):
        for part in run if group == "whole" else ():
            made += tell(WHOLE[part], context)
        for part in run if group == "united" else ():
            made += tell(part, whole.union(context))
        if group in ("forward", "back"):
            made += _by_member(tuple(run), context, group == "back", tell)
    return made


def _group(part: Part) -> str:
    return "whole" if part in WHOLE else "united" if part in UNITED else "forward" if part in FORWARD else "back"


def _by_member(parts: tuple[Part, ...], context: DocumentContext, back: bool, tell: Tell) -> Iterator[Block]:
    every, sheet, so_far, headed = whole.chained(context), BRIEF.issuperset(parts), Told(), False
    for member in reversed(every) if back else every:
        own = member.about(context)
        told: list[Block] = []
        for part in parts if own.wrt else ():
            made = tell(part, own)
            told += so_far.argued(member, own, made) if part is derived.sums else made
        if told:
            way = "back" if back else "forth"
            title, key = member.heading(context.presentation, context.T), f"part-{member.number}-{way}-{parts[0].__name__}"
            first, level = told[0], 1
            if not back and isinstance(first, Heading):  # what is told of every member in turn, under one heading
                yield from () if headed else (first,)
                headed = True
                told, level = told[1:], 2
            yield Heading(title, key, level, numbered=not sheet)
            yield from whole.opening(member, context, sheet) if back else ()
            yield from so_far.once(member.scoped(tuple(told)))
    yield from whole.closing(context) if back else ()


def check(changed: Mapping[str, object]) -> None:
    """Raises BadInput for an option that asks for what no composed document has yet."""
    for option in ("variants", "chunk", "analysis"):
        if option in changed:
            raise BadInput(f"document: --{option} is not for models with two directions or phases yet")
