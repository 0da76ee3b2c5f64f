"""The exercises of a document: the author's own first, then those drawn from the derivation, and the hints at the end."""

from collections.abc import Iterator, Sequence
from random import Random

from symbptt.document.blocks import Block, Exercise, Heading, Paragraph
from symbptt.document.context import DocumentContext
from symbptt.document.customization import OwnExercise
from symbptt.document.exercises.generated import GeneratedExercise, leaks
from symbptt.document.exercises.kinds import BESIDE_DERIVATION, SHORT, WITHOUT_DERIVATION, ExerciseKind
from symbptt.narrative.inline import Prose

ROUNDS, ALONE = 6, 3
"""How often each kind is tried, and how often it is drawn if there is no other."""
Drawn = tuple[GeneratedExercise, ExerciseKind | None]
"""An exercise with its kind, which one of the author's does not have."""


def exercises(context: DocumentContext) -> tuple[Block, ...]:
    """Numbered exercises, the author's and those of the derivation."""
    return told(context, drawn(context, WITHOUT_DERIVATION if context.sheet else BESIDE_DERIVATION))


def told(context: DocumentContext, generated: Sequence[Drawn]) -> tuple[Block, ...]:
    """Numbered exercises, the author's first; the version for students has room in the place of solutions."""
    found = [*((_own(one), None) for one in context.own.exercises), *generated]
    if not found:
        return ()
    presentation = context.presentation
    points = sum(kind.points for _, kind in found if kind is not None)
    intro = presentation.prose("exercises.intro" if context.solutions else "exercises.intro_student", points=str(points))
    made = tuple(
        Exercise(number, one.question, (), one.solution if context.solutions else (), one.room, _mark(context, kind))
        for number, (one, kind) in enumerate(found, 1)
    )
    hints = [(f"{number}: ", *one.hint, " ") for number, (one, _) in enumerate(found, 1) if one.hint]
    told = Paragraph(tuple(part for hint in hints for part in hint), small=True)
    heading = (Heading(presentation.text("exercises.hints"), "hints", 2, numbered=False), told) if hints else ()
    return (Heading(presentation.text("exercises.heading"), "exercises"), Paragraph(intro), *made, *heading)


def _mark(context: DocumentContext, kind: ExerciseKind | None) -> Prose:
    """What an exercise is worth, how hard it is, and which goal it serves."""
    if kind is None:
        return ()
    slots = {"points": str(kind.points), "difficulty": str(kind.difficulty)}
    return context.presentation.prose("exercises.mark", goal=context.presentation.text(f"exercises.goal.{kind.goal}"), **slots)


def _own(given: OwnExercise) -> GeneratedExercise:
    question, solution = ((Paragraph(text),) if text else () for text in (given.question, given.solution))
    return GeneratedExercise(question, given.hint, solution, given.room)


def drawn(context: DocumentContext, kinds: tuple[ExerciseKind, ...]) -> list[Drawn]:
    """One of each kind as far as asked for, round after round; none that answers another, or is about the same."""
    whole = len(kinds) if context.full or context.sheet else min(len(kinds), SHORT)
    wanted = whole if context.own.generated is None else context.own.generated
    made: list[Drawn] = []
    for one, kind in _trials(context, kinds):
        if len(made) >= wanted:
            break
        most = kinds.count(kind) if len({id(other) for _, other in made}) > 1 else ALONE
        if context.own.generated is None and sum(other is kind for _, other in made) >= most:
            continue
        if not any(one.question == other.question or leaks(one, other) or leaks(other, one) for other, _ in made):
            made.append((one, kind))
    return made


def _trials(context: DocumentContext, kinds: tuple[ExerciseKind, ...]) -> Iterator[Drawn]:
    for trial in range(ROUNDS * len(kinds)):
        kind = kinds[trial % len(kinds)]
        one = kind.draw(context, Random(f"{context.seed} {trial} {context.model.name}"))
        if one is not None:
            yield one, kind
