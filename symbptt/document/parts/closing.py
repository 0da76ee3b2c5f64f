"""What stands at the end: code and references."""

from __future__ import annotations

from symbptt.document import listing
from symbptt.document.blocks import Block, Bullets, Code, Heading, Paragraph
from symbptt.document.context import DocumentContext
from symbptt.document.printed.function import printed
from symbptt.model.values import Role
from symbptt.narrative.values import Typed

REFERENCES = (
    "P. J. Werbos (1990) Backpropagation through time: what it does and how to do it. Proceedings of the IEEE 78(10).",
    "R. J. Williams and D. Zipser (1989) A learning algorithm for continually running fully recurrent neural networks. "
    "Neural Computation 1(2).",
    "R. Pascanu, T. Mikolov and Y. Bengio (2013) On the difficulty of training recurrent neural networks. ICML.",
)


def code(context: DocumentContext) -> tuple[Block, ...]:
    """The passes as one function that runs as it is printed, else those of the emitted module; equations have their numbers."""
    model, wrt, voice = context.model, context.variables, context.voice
    function = printed(model, tuple(v for v in wrt if v.role is Role.PARAMETER)) if model.parameters else None
    command = Typed(listing.command(model, wrt, context.T))
    intro = voice.say(f"document.code.{'function' if function else 'intro'}", command=command)
    return (
        Heading(voice.word("common.heading.code"), "code"), Paragraph(intro),
        Code(function or listing.functions(model, wrt, context.T)),
    )


def references(context: DocumentContext) -> tuple[Block, ...]:
    """The sources of the models, and those of the method."""
    own = tuple(model.reference.rstrip(".") + "." for model in context.models if model.reference)
    items = tuple((text,) for text in (*own, *REFERENCES))
    return (Heading(context.voice.word("common.heading.references"), "references", numbered=False), Bullets(items))
