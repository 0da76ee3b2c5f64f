"""What a composed document does not tell again: the argument of an earlier member, and sentences that stand there already."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from symbptt.document.blocks import Block, Figure, Paragraph, Steps
from symbptt.document.composed.members import Member
from symbptt.document.context import DocumentContext
from symbptt.narrative import argument
from symbptt.narrative.inline import Prose

OF_PROOF = frozenset(("induction", "state-derivative", "step-adjoint-is-gradient"))
"""The labels of what is proved only once: the other results say what it comes to."""


@dataclass
class Told:
    """What the members so far have told: their sentences, and by the kind of argument the first that has it."""

    sentences: set[Prose] = field(default_factory=set)
    arguments: dict[argument.Kind, Member] = field(default_factory=dict)

    def once(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """The blocks without paragraphs and captions that were there before, word for word."""
        for block in blocks:
            said = block.text if isinstance(block, Paragraph) else block.caption if isinstance(block, Figure) else ()
            again = bool(said) and said in self.sentences
            self.sentences.add(said)
            if not again:
                yield block
            elif isinstance(block, Figure):
                yield replace(block, caption=())

    def argued(self, member: Member, context: DocumentContext, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
        """The sections on the three forms of a member: in full for the first of its kind, else the results."""
        kind = argument.kind(member.model, context.variables)
        first = member if kind is None else self.arguments.setdefault(kind, member)
        if first is member:
            return blocks
        way = context.presentation.text("composed.part.turned") if member.part.backward != first.part.backward else ""
        said = context.presentation.prose("composed.part.as_before", number=str(first.number), way=way)
        heading, *rest = (_results(block) for block in blocks if not isinstance(block, Paragraph))
        return (heading, Paragraph(said), *rest)


def _results(block: Block) -> Block:
    if not isinstance(block, Steps):
        return block
    return replace(block, steps=tuple(replace(s, claim=(), rule=()) for s in block.steps if s.label not in OF_PROOF))
