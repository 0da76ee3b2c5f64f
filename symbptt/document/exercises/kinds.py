"""The kinds of exercises: what draws each, what it is worth, and which goal it serves. Another kind is another row."""

from dataclasses import dataclass

from symbptt.document.exercises import blanks, coding, computing, costs, counting, errors, gates, powers, proving
from symbptt.document.exercises.generated import Generator


@dataclass(frozen=True)
class ExerciseKind:
    """A kind of exercise; `goal` is a learning goal by its name in the tables of words, `difficulty` goes from 1 to 3."""

    draw: Generator
    points: int
    difficulty: int
    goal: str


COUNT = ExerciseKind(counting.terms, 2, 1, "terms")
COMPUTE = ExerciseKind(computing.number, 6, 2, "derive")
COST = ExerciseKind(costs.carried, 3, 2, "terms")
GATE = ExerciseKind(gates.route, 3, 2, "vanish")
POWERS = ExerciseKind(powers.limit, 4, 2, "vanish")
PROVE = ExerciseKind(proving.claim, 5, 3, "vanish")
INDUCTION = ExerciseKind(proving.induction, 5, 3, "terms")
FACTOR = ExerciseKind(blanks.factor, 2, 1, "terms")
SUMMAND = ExerciseKind(blanks.summand, 2, 1, "rules")
ERROR = ExerciseKind(errors.error, 3, 2, "rules")
CODE = ExerciseKind(coding.loop, 8, 3, "code")

BESIDE_DERIVATION = (COUNT, COMPUTE, GATE, POWERS, PROVE, PROVE, COST)
"""Those whose answers the derivation does not contain; a short handout has the first SHORT that apply."""
SHORT = 5
"""How many a short handout has."""
WITHOUT_DERIVATION = (FACTOR, SUMMAND, ERROR, COUNT, INDUCTION, GATE, CODE, COMPUTE)
"""Those of a sheet that has none of it."""
