"""What a reader can do afterwards, and what is assumed."""

from symbptt.document.blocks import Block, Box, Bullets, Paragraph
from symbptt.document.context import DocumentContext
from symbptt.narrative import symbols


def goals(context: DocumentContext) -> tuple[Block, ...]:
    """Learning goals that can be tested, in a box; those that a model gives no occasion for are not among them."""
    return told(context, "derive", "rules", *(("terms", "vanish") if context.model.states else ()), "code")


def told(context: DocumentContext, *names: str) -> tuple[Block, ...]:
    """The box of these goals."""
    model, presentation = context.model, context.presentation
    loss = presentation.tree(symbols.loss(model, None), model)
    items = tuple(presentation.prose(f"handout.goals.{name}", loss=loss) for name in names)
    assumed = Paragraph(presentation.prose("handout.goals.assumed"))
    return (Box("goal", presentation.prose("handout.goals.title"), (Bullets(items), assumed)),)
