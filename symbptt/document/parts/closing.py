"""What stands at the end: code and references."""

import ast

from symbptt.data.classes import class_targets
from symbptt.document import bibliography, listing
from symbptt.document.blocks import Block, Bullets, Code, Heading, Paragraph
from symbptt.document.context import DocumentContext
from symbptt.document.printed.function import printed
from symbptt.model.values import Model, Role
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.values import Prose, Typed


def code(context: DocumentContext) -> tuple[Block, ...]:
    """The passes as one function that runs as it is printed, else those of the emitted module; equations have their numbers."""
    model, wrt, presentation = context.model, context.variables, context.presentation
    function = printed(model, tuple(v for v in wrt if v.role is Role.PARAMETER)) if model.parameters else None
    command = Typed(listing.command(model, wrt, context.T))
    intro = presentation.prose(f"document.code.{'function' if function else 'intro'}", command=command)
    text = function or listing.functions(model, wrt, context.T)
    notes = (*_classes(model, presentation), *(presentation.prose("document.code.real", real=Typed(".real"))
        if _takes_real_parts(text) else ()))
    return (Heading(presentation.text("common.heading.code"), "code"), Paragraph((*intro, *notes)), Code(text))


def _classes(model: Model, presentation: Presentation) -> Prose:
    """What the code takes for a target that formulas write as a column with a single one."""
    names = presentation.listed(presentation.name(model[name], model) for name in sorted(class_targets(model)))
    return presentation.prose("document.code.classes", targets=names) if names else ()


def _takes_real_parts(code: str) -> bool:
    """Whether the code reads `.real` somewhere."""
    return any(isinstance(node, ast.Attribute) and node.attr == "real" for node in ast.walk(ast.parse(code)))


def references(context: DocumentContext) -> tuple[Block, ...]:
    """The sources of the models, those of the method, and those of the author."""
    presentation = context.presentation
    items = tuple(
        (*(presentation.prose("document.of_model") if source.of_model else ()), *source.line())
        for source in bibliography.of_document(context.models, context.own.sources)
    )
    return (Heading(presentation.text("common.heading.references"), "references", numbered=False), Bullets(items, small=True))
