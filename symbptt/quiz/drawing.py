"""A quiz: questions of all kinds in turn, none of which answers another."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from symbptt.checks import positive
from symbptt.checks import seed as checked
from symbptt.errors import BadInput
from symbptt.model.values import Model
from symbptt.narrative.voice import Voice
from symbptt.quiz.context import QuizContext
from symbptt.quiz.kinds import KINDS
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


def quiz(model: Model, count: int = 20, seed: int = 0, language: str = "en") -> Quiz:
    """Draw a quiz; fewer questions than `count` where the model gives no more.

    Raises BadInput for a count below one or above a thousand and for a negative seed, UnknownName for a language without tables.
    """
    count, seed, voice = _number(count, "count"), checked(seed), Voice(language)
    context = QuizContext.of(model, voice)
    chosen: list[Question] = []
    turn = idle = 0
    while len(chosen) < count and idle < len(KINDS):
        found = _another(context, turn, seed, chosen)
        chosen += [found] if found else []
        turn, idle = turn + 1, 0 if found else idle + 1
    return Quiz(model.name, voice.title(context.model), language, seed, count, tuple(chosen))


def _number(value: int, name: str) -> int:
    if positive(value, name) > MOST:
        raise BadInput(f"{name} must be at most {MOST}, not {value}")
    return value


def _another(context: QuizContext, turn: int, seed: int, chosen: list[Question]) -> Question | None:
    """A question of the kind whose turn it is that does not clash with those before."""
    kind = KINDS[turn % len(KINDS)]
    for trial in range(TRIES):
        drawn = kind(context, Random(f"{seed} {turn} {trial}"))
        if drawn is not None and not any(clash(drawn, other) for other in chosen):
            return drawn
    return None


def variants(model: Model, number: int = 1, *, count: int = 20, seed: int = 0, language: str = "en") -> tuple[Quiz, ...]:
    """Quizzes with this seed and those after it; errors as of `quiz`."""
    return tuple(quiz(model, count, seed + i, language) for i in range(_number(number, "variants")))
