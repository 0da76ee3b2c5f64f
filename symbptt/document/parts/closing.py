"""What stands at the end: code and references."""

from __future__ import annotations

from symbptt.document import listing
from symbptt.document.blocks import Block, Bullets, Code, Heading, Paragraph
from symbptt.document.context import DocumentContext
from symbptt.narrative.values import Typed

REFERENCES = (
    "P. J. Werbos (1990) Backpropagation through time: what it does and how to do it. Proceedings of the IEEE 78(10).",
    "R. J. Williams and D. Zipser (1989) A learning algorithm for continually running fully recurrent neural networks. "
    "Neural Computation 1(2).",
    "R. Pascanu, T. Mikolov and Y. Bengio (2013) On the difficulty of training recurrent neural networks. ICML.",
)


def code(context: DocumentContext) -> tuple[Block, ...]:
    """The passes of the emitted module, with the numbers of the equations."""
    told, voice = context.derivation, context.voice
    numbers = frozenset(str(s.number) for section in told.sections for s in section.steps if s.number)
    intro = voice.say("document.code.intro", command=Typed(listing.command(told.model, told.wrt, context.T)))
    return (
        Heading(voice.word("common.heading.code"), "code"), Paragraph(intro),
        Code(listing.functions(told.model, told.wrt, context.T), numbers),
    )


def references(context: DocumentContext) -> tuple[Block, ...]:
    """The sources of the models, and those of the method."""
    own = tuple(model.reference.rstrip(".") + "." for model in context.models if model.reference)
    items = tuple((text,) for text in (*own, *REFERENCES))
    return (Heading(context.voice.word("common.heading.references"), "references", numbered=False), Bullets(items))
