"""The exercises of a document: the author's own first, then those drawn from the derivation."""

from __future__ import annotations

from random import Random

from symbptt.document.blocks import Block, Exercise, Heading, Paragraph
from symbptt.document.context import DocumentContext
from symbptt.document.customization import OwnExercise
from symbptt.document.exercises import blanks, computing, counting, errors
from symbptt.document.exercises.generated import GeneratedExercise, Generator
from symbptt.narrative.inline import prose

GENERATORS: tuple[Generator, ...] = (
    blanks.factor, blanks.summand, errors.error, counting.terms, computing.number, errors.error, blanks.summand,
)
"""What is drawn, in order; another kind of exercise is another row."""


def exercises(context: DocumentContext) -> tuple[Block, ...]:
    """Numbered exercises; the version for students has room in the place of solutions."""
    drawn = [*map(_own, context.own.exercises), *_drawn(context)]
    if not drawn:
        return ()
    voice = context.voice
    intro = voice.say("exercises.intro" if context.solutions else "exercises.intro_student")
    made = tuple(
        Exercise(number, one.question, one.hint, one.solution if context.solutions else (), one.room)
        for number, one in enumerate(drawn, 1)
    )
    return (Heading(voice.word("exercises.heading"), "exercises"), Paragraph(intro), *made)


def _own(given: OwnExercise) -> GeneratedExercise:
    question, solution = ((Paragraph(prose(text)),) if text else () for text in (given.question, given.solution))
    return GeneratedExercise(question, prose(given.hint), solution, given.room)


def _drawn(context: DocumentContext) -> list[GeneratedExercise]:
    """One of each generator as far as asked for, round after round, no question twice."""
    wanted = len(GENERATORS) if context.own.generated is None else context.own.generated
    made: dict[tuple[Block, ...], GeneratedExercise] = {}
    for trial in range(4 * len(GENERATORS)):
        if len(made) >= wanted:
            break
        generator = GENERATORS[trial % len(GENERATORS)]
        one = generator(context, Random(f"{context.seed} {trial} {context.model.name}"))
        if one is not None:
            made.setdefault(one.question, one)
    return list(made.values())[:wanted]
