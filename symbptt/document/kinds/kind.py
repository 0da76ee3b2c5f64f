"""What a kind of document is."""

from collections.abc import Callable
from dataclasses import dataclass

from symbptt.document.blocks import Block
from symbptt.document.context import DocumentContext

Part = Callable[[DocumentContext], tuple[Block, ...]]


@dataclass(frozen=True)
class Kind:
    """The parts of a document, in order.

    `models` is the number of models that it is about; `wrt` is what it derives by unless asked otherwise, None being all
    parameters; `exercises` says that it has them, so that there is a version for students and one for teachers,
    `slides` that it is shown slide by slide; the parts of `at_length` are those of a full document alone, those
    `of_sheet` answer no exercise; `in_chunks` says that it may be about a chunk form.
    """

    parts: tuple[Part, ...]
    models: int = 1
    wrt: str | None = None
    exercises: bool = False
    slides: bool = False
    at_length: frozenset[Part] = frozenset()
    of_sheet: frozenset[Part] = frozenset()
    in_chunks: bool = False
