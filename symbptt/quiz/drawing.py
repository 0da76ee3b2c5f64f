"""A quiz: questions of all kinds in turn, none of which answers another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from symbptt.checks import positive
from symbptt.checks import seed as checked
from symbptt.compose import Subject
from symbptt.compose.chain import How
from symbptt.document.composed.members import members
from symbptt.errors import BadInput
from symbptt.model.values import Model
from symbptt.narrative.inline import Prose
from symbptt.narrative.presentation import Presentation
from symbptt.quiz.context import STEPS, QuizContext
from symbptt.quiz.kinds import BETWEEN, KINDS, OF_NUMBERS
from symbptt.quiz.kinds.between import Between
from symbptt.quiz.question import Question, clash

MOST = 1000
"""So many questions and so many variants can be asked for."""
TRIES = 8
"""So many questions of a kind are drawn until one goes with the others."""


@dataclass(frozen=True)
class Quiz:
    """Questions about a model; `asked` are those that were wanted, which a small model may not give."""

    name: str
    title: str
    language: str
    seed: int
    asked: int
    questions: tuple[Question, ...]


def quiz(model: Subject, count: int = 20, seed: int = 0, language: str = "en") -> Quiz:
    """Draw a quiz; fewer questions than `count` where the model gives no more.

    Raises BadInput for a count below one or above a thousand and for a negative seed, UnknownName for a language without tables.
    """
    count, seed, presentation = _number(count, "count"), checked(seed), Presentation(language)
    topics = _topics(model, presentation)
    chosen: list[Question] = []
    turn = idle = 0
    while len(chosen) < count and idle < len(topics) * len(KINDS):
        found = _another(topics[turn % len(topics)], turn // len(topics), f"{seed} {turn}", chosen)
        chosen += [found] if found else []
        turn, idle = turn + 1, 0 if found else idle + 1
    return Quiz(model.name, topics[-1].title, language, seed, count, tuple(chosen))


@dataclass(frozen=True)
class _Topic:
    """What questions of some kinds are about; `heading` stands before each."""

    kinds: Sequence[Callable[[Any, Random], Question | None]]
    context: Any
    title: str
    heading: tuple[Prose, ...] = ()


def _topics(model: Subject, presentation: Presentation) -> tuple[_Topic, ...]:
    """A model; or what is between the parts of a composed one, and each part that recurs from the first step to the last.

    No numbers are asked where a part attends a memory, which is the same at each step.
    """
    if isinstance(model, Model):
        context = QuizContext.of(model, presentation)
        return (_Topic(KINDS, context, presentation.title(context.model)),)
    title = presentation.title(members(model)[-1].model)
    found = [_Topic(BETWEEN, Between(model, presentation), title)]
    for member in members(model):
        if member.part.model.states and not member.part.backward:
            attends = any(link.how is How.MEMORY for link in member.part.links)
            kinds = tuple(kind for kind in KINDS if not attends or kind not in OF_NUMBERS)
            spoken = member.presentation(presentation, STEPS)
            found.append(_Topic(kinds, QuizContext.of(member.model, spoken), title,
                ((member.heading(presentation, STEPS) + ".",),)))
    return tuple(found)


def _number(value: int, name: str) -> int:
    if positive(value, name) > MOST:
        raise BadInput(f"{name} must be at most {MOST}, not {value}")
    return value


def _another(topic: _Topic, turn: int, seed: str, chosen: list[Question]) -> Question | None:
    """A question of the kind whose turn it is that does not clash with those before."""
    kind = topic.kinds[turn % len(topic.kinds)]
    for trial in range(TRIES):
        drawn = kind(topic.context, Random(f"{seed} {trial}"))
        drawn = drawn and replace(drawn, body=(*topic.heading, *drawn.body))
        if drawn is not None and not any(clash(drawn, other) for other in chosen):
            return drawn
    return None


def variants(model: Subject, number: int = 1, *, count: int = 20, seed: int = 0, language: str = "en") -> tuple[Quiz, ...]:
    """Quizzes with this seed and those after it; errors as of `quiz`."""
    return tuple(quiz(model, count, seed + i, language) for i in range(_number(number, "variants")))
