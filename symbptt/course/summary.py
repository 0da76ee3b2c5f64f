"""A class as a whole: how many have which cause, and the commonest mistake with its equation and the right line."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from symbptt.course.gradebook import Gradebook
from symbptt.course.grades import MISSING, Grade, Reason
from symbptt.diagnose.findings import RIGHT
from symbptt.diagnose.report import Derivation


@dataclass(frozen=True)
class Tally:
    """A cause with those who have it, and what is said of it most often."""

    cause: str
    grades: tuple[Grade, ...]
    explanation: str
    equation: int | None


@dataclass(frozen=True)
class Lesson:
    """The commonest mistake as the next lecture may explain it: `equation` as text, and `code`, the right line in NumPy."""

    tally: Tally
    equation: str
    code: str
    gradients: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    """Names with the lines of theirs that compute what is wrong."""


def tallies(book: Gradebook) -> tuple[Tally, ...]:
    """The causes of a class, the commonest first; equal ones by name."""
    having: dict[str, list[Grade]] = {}
    for grade in book.grades:
        for cause in grade.causes:
            having.setdefault(cause, []).append(grade)
    ordered = sorted(having.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(_tally(cause, grades) for cause, grades in ordered)


def _tally(cause: str, grades: Sequence[Grade]) -> Tally:
    said: Counter[Reason] = Counter()
    for grade in grades:
        said.update({r for mark in grade.marks for r in mark.reasons if r.name == cause})
    reason = min(said, key=lambda r: (-said[r], r.explanation))
    return Tally(cause, tuple(grades), reason.explanation, reason.equation)


def lesson(book: Gradebook) -> Lesson | None:
    """The commonest mistake; None where no cause is known."""
    first = next(iter(tallies(book)), None)
    if first is None:
        return None
    derivation, number = Derivation(book.model), first.equation or 0
    carry = any(line for line in derivation.lines(number, True))
    code = next(iter(derivation.lines(number, False) or (derivation.lines(number, True) if carry else [])), "")
    touched = [mark for grade in first.grades for mark in grade.marks if first.cause in mark.causes]
    names = {mark.gradient for mark in touched}
    lines = {grade.name: mark.line for grade in first.grades for mark in grade.marks if first.cause in mark.causes and mark.line}
    return Lesson(first, derivation.equation(number), code, tuple(g for g in book.gradients if g in names), tuple(lines.items()))


def groups(book: Gradebook) -> tuple[tuple[str, tuple[Grade, ...]], ...]:
    """The class in three parts: right, wrong, and not judged."""
    parts: dict[str, list[Grade]] = {"right": [], "wrong": [], "not judged": []}
    for grade in book.grades:
        parts["not judged" if grade.reason else "right" if grade.right else "wrong"].append(grade)
    return tuple((name, tuple(grades)) for name, grades in parts.items())


def unexplained(book: Gradebook) -> tuple[Grade, ...]:
    """Those who have a wrong gradient without a known cause."""
    unknown = (RIGHT, MISSING)
    return tuple(g for g in book.grades if any(m.verdict not in unknown and not m.causes for m in g.marks))


def copies(book: Gradebook) -> tuple[tuple[str, ...], ...]:
    """The names of those whose code is the same, set by set."""
    return tuple(dict.fromkeys(tuple(sorted((g.name, *g.twins))) for g in book.grades if g.twins))
