"""What a generator of exercises gives."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random

from symbptt import typeset
from symbptt.document.blocks import Block, Lines, Paragraph, Steps
from symbptt.document.context import DocumentContext
from symbptt.narrative.values import Prose, Step
from symbptt.typeset.tree import Tree


@dataclass(frozen=True)
class GeneratedExercise:
    """A question, its hint and its solution; `room` are the lines that a hand needs for it.

    `answers` are the formulas that must not be read elsewhere, `about` names the equations that it is about.
    """

    question: tuple[Block, ...]
    hint: Prose
    solution: tuple[Block, ...]
    room: int
    answers: tuple[Tree, ...] = ()
    about: frozenset[str] = frozenset()


Generator = Callable[[DocumentContext, Random], GeneratedExercise | None]
"""Draws an exercise; None where the model gives no occasion for one."""


def shown(tree: Tree, rule: Prose = ()) -> Steps:
    """A formula in a line of its own."""
    return Steps((Step(tree, rule),))


def said(prose: Prose) -> Paragraph:
    """A sentence."""
    return Paragraph(prose)


def told(context: DocumentContext, key: str, slots: Mapping[str, str | Tree | Prose], room: int, about: str) -> GeneratedExercise:
    """An exercise of three texts: exercises.KEY.question, .hint and .solution in the tables of words."""
    texts = (context.presentation.prose(f"exercises.{key}.{part}", **slots) for part in ("question", "hint", "solution"))
    question, hint, solution = texts
    return GeneratedExercise((said(question),), hint, (said(solution),), room, about=frozenset((about,)))


def leaks(answering: GeneratedExercise, other: GeneratedExercise) -> bool:
    """Whether the question of one exercise shows an answer of another, or both are about the same equation."""
    shows = any(answer in text for answer in map(_packed, other.answers) for text in map(_packed, _formulas(answering.question)))
    return shows or bool(answering.about & other.about)


def _packed(tree: Tree) -> str:
    return typeset.text(tree).replace(" ", "")


def _formulas(blocks: tuple[Block, ...]) -> Iterator[Tree]:
    for block in blocks:
        if isinstance(block, Steps):
            yield from (step.equation for step in block.steps)
        elif isinstance(block, Lines):
            yield from (tree for tree, _ in block.lines)
        elif isinstance(block, Paragraph):
            yield from (part for part in block.text if isinstance(part, Tree))
