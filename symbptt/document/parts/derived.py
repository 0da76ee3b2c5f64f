"""The derivation itself, section by section."""

from __future__ import annotations

import re

from symbptt.document.blocks import Block, Heading, Paragraph, Steps
from symbptt.document.lesson import Lesson
from symbptt.document.sizes import terms
from symbptt.narrative.values import Section
from symbptt.narrative.voice import Voice


def _key(number: int, heading: str) -> str:
    return f"{number}-{re.sub('[^a-z0-9]+', '-', heading.lower()).strip('-')}".strip("-")


def section(number: int, told: Section, voice: Voice) -> tuple[Block, ...]:
    """A section of the derivation as blocks."""
    made: list[Block] = [Heading(told.heading, _key(number, told.heading), told.level)]
    made += [Paragraph(prose) for prose in told.intro]
    made += [Steps(told.steps)] if told.steps else []
    made += [terms(told.norms, voice)] if told.norms else []
    return tuple(made)


def sections(lesson: Lesson) -> tuple[Block, ...]:
    """All sections, in order."""
    return tuple(block for i, told in enumerate(lesson.derivation.sections, 1) for block in section(i, told, lesson.voice))
