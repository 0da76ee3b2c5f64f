"""What a generator of exercises gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from symbptt.document.blocks import Block, Paragraph, Steps
from symbptt.document.context import DocumentContext
from symbptt.narrative.values import Prose, Step
from symbptt.typeset.tree import Tree


@dataclass(frozen=True)
class GeneratedExercise:
    """A question, its hint and its solution; `room` are the lines that a hand needs for it."""

    question: tuple[Block, ...]
    hint: Prose
    solution: tuple[Block, ...]
    room: int


Generator = Callable[[DocumentContext, Random], GeneratedExercise | None]
"""Draws an exercise; None where the model gives no occasion for one."""


def shown(tree: Tree, rule: Prose = ()) -> Steps:
    """A formula in a line of its own."""
    return Steps((Step(tree, rule),))


def said(prose: Prose) -> Paragraph:
    """A sentence."""
    return Paragraph(prose)
