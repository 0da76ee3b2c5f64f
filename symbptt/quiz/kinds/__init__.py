"""The kinds of questions: a generator each, None where a model gives no occasion for one."""

from collections.abc import Callable
from random import Random

from symbptt.quiz.context import QuizContext
from symbptt.quiz.kinds import between, choices, gaps, lines, numbers
from symbptt.quiz.question import Question

KINDS: tuple[Callable[[QuizContext, Random], Question | None], ...] = (
    lines.ordering, numbers.gradient, gaps.cloze, numbers.adjoint, lines.matching, choices.formula, numbers.gradient_choice,
    choices.naming, numbers.count,
)
"""They are drawn in turn; another kind is another row."""
OF_NUMBERS = (numbers.gradient, numbers.adjoint, numbers.gradient_choice)
"""Those that give the numbers of all leaves."""
BETWEEN: tuple[Callable[[between.Between, Random], Question | None], ...] = (between.cause, between.effect)
"""Those about what is lost between parts."""
