"""A sheet for every student of a class, each with exercises of its own, and one key with the solutions of all."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from symbptt.document.blocks import Block, Document, Exercise, Heading
from symbptt.document.options import DocumentOptions

KEY = "key"
"""How the file with the solutions is called."""


def documents(compose: Callable[[DocumentOptions], Document], options: DocumentOptions) -> Iterator[tuple[str, Document]]:
    """(what the name of the file ends in, the document): the sheets, whose seeds follow on that of the options, then the key."""
    key: list[Block] = []
    last: Document | None = None
    for number in range(1, options.variants + 1):
        one = replace(options, variants=0, seed=options.seed + number - 1)
        yield f"v{number:02}_student", compose(replace(one, version="student"))
        last = compose(replace(one, version="teacher"))
        title = last.context.presentation.text("exercises.variant", number=str(number), seed=str(one.seed))
        key += [Heading(title, f"variant-{number}", numbered=False)]
        key += [block for block in last.blocks if isinstance(block, Exercise)]
    if last is not None:
        yield KEY, replace(last, blocks=tuple(key))
