"""What stands at the end: code and references."""

from __future__ import annotations

from symbptt.document import bibliography, listing
from symbptt.document.blocks import Block, Bullets, Code, Heading, Paragraph
from symbptt.document.context import DocumentContext
from symbptt.document.printed.function import printed
from symbptt.model.values import Role
from symbptt.narrative.values import Typed


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
    """The sources of the models, those of the method, and those of the author."""
    items = tuple(source.line() for source in bibliography.of_document(context.models, context.own.sources))
    return (Heading(context.voice.word("common.heading.references"), "references", numbered=False), Bullets(items))
