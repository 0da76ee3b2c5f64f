"""What hidden tests call: a function or a file judged, points for each gradient, and a message as long as the teacher wants."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from symbptt.compose import subject
from symbptt.course import grades
from symbptt.course.credit import Credit, from_text
from symbptt.course.grades import Grade, Mark
from symbptt.diagnose import function as judges
from symbptt.diagnose.diagnosis import Diagnosis
from symbptt.diagnose.report import Derivation
from symbptt.diagnose.submission.answer import answer
from symbptt.diagnose.submission.drawn_data import T as STEPS
from symbptt.diagnose.submission.guarded import Limits
from symbptt.diagnose.submission.mapping import Table
from symbptt.errors import BadInput, SymbpttError, UnknownName
from symbptt.mistakes import named
from symbptt.model.values import Model
from symbptt.narrative.presentation import Presentation

LEVELS = ("none", "cause", "equation")
"""How much a message says of a wrong gradient: that it is wrong, also why, also the equation and what is right."""
Backward = Callable[..., Any]


class Hidden:
    """A grader for one assignment: the text of its model, the gradients that are asked for, and the text of a table of credit.

    `steps` is the number of steps where no array tells it, `language` that of the messages. Raises BadInput for texts that cannot
    be read.
    """

    def __init__(self, model: str, credit: str, gradients: Sequence[str], level: str = "cause", steps: int | None = None,
                 language: str = "en") -> None:
        if level not in LEVELS:
            raise UnknownName("level of messages", level, LEVELS)
        self.model = subject(model, "model.toml", "model")
        self.gradients, self.level, self.steps, self.presentation = tuple(gradients), level, steps, Presentation(language)
        self.credit: Credit = from_text(credit, "credit.toml", self.gradients)
        self._judged: dict[int, tuple[Backward, Grade]] = {}

    @classmethod
    def read(cls, folder: Path | str) -> Hidden:
        """The grader of a folder with grader.toml, model.toml and credit.toml."""
        texts = {}
        for name in ("grader", "model", "credit"):
            try:
                texts[name] = Path(folder, f"{name}.toml").read_text(encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError) as error:
                raise BadInput(f"{Path(folder, name)}.toml: cannot be read: {error}") from None
        said = tomllib.loads(texts["grader"])
        return cls(texts["model"], texts["credit"], said["gradients"], said["messages"], said.get("steps"),
                   said.get("language", "en"))

    def function(self, function: Backward) -> Grade:
        """The grade of a function `backward(parameters, inputs, targets, states)` of this process; judged once."""
        if id(function) not in self._judged:
            self._judged[id(function)] = function, self._grade_function(function)
        return self._judged[id(function)][1]

    def _grade_function(self, function: Backward) -> Grade:
        at = judges.drawn(self.model, self.steps or STEPS)
        theirs, reason = answer(function, at, self.gradients)
        return self.none(reason) if reason else self._grade(judges.gradients(self.model, theirs, at))

    def file(self, path: Path | str, seconds: float = 20.0) -> Grade:
        """The grade of the function `backward` in a file, which runs in the guarded child."""
        try:
            table = Table(T=self.steps)
            return self._grade(judges.file(self.model, path, "backward", table, Limits(seconds), self.gradients))
        except SymbpttError as error:
            return self.none(str(error))

    def none(self, reason: str) -> Grade:
        """The grade of what gave no gradients."""
        return Grade("", "", grades.none(self.gradients, self.credit), reason)

    def _grade(self, found: Diagnosis) -> Grade:
        data = [] if found.failed else found.json()["findings"]
        reason = "" if data else ". ".join((*found.opening, *found.notes))
        return Grade("", "", grades.marks(data, self.gradients, self.credit), reason, found.opening, str(found))

    def message(self, grade: Grade, gradient: str) -> str:
        """What is said of a gradient."""
        mark = self._mark(grade, gradient)
        if mark.right:
            return self._say("right", name=gradient)
        if mark.verdict == grades.MISSING:
            told = self.level != "none" and grade.reason
            return self._say("missing_for", name=gradient, reason=grade.reason) if told else self._say("missing", name=gradient)
        said = [self._say("wrong", name=gradient)]
        for reason in mark.reasons if self.level != "none" else ():
            in_full = self.level == "equation" and self.presentation.language == "en"
            sentence = reason.explanation if in_full else named(reason.name).sentence(self.presentation.language)
            said.append(self._say("cause", name=reason.name, sentence=sentence))
            equation = self._derivation.equation(reason.equation) if self.level == "equation" and reason.equation else ""
            said += [self._say("equation", number=str(reason.equation), equation=equation)] * bool(equation)
        return "\n".join(said)

    def _say(self, key: str, **values: str) -> str:
        return self.presentation.text(f"assignment.message.{key}", **values)

    def _mark(self, grade: Grade, gradient: str) -> Mark:
        for mark in grade.marks:
            if mark.gradient == gradient:
                return mark
        raise UnknownName("gradient", gradient, self.gradients)

    @cached_property
    def _derivation(self) -> Derivation:
        return Derivation(cast(Model, self.model))  # the causes in a composed model have the numbers of none of its equations

    def require(self, grade: Grade, gradient: str, share: float = 1.0) -> None:
        """Raise AssertionError, with the message, unless a gradient keeps this share of its points."""
        mark = self._mark(grade, gradient)
        if not mark.right and (share == 1 or mark.points < share * mark.out_of - 1e-9):
            raise AssertionError(self.message(grade, gradient))

    def points(self, grade: Grade, gradient: str) -> float:
        """The points of a gradient."""
        return float(self._mark(grade, gradient).points)

    @property
    def shares(self) -> tuple[float, ...]:
        """The shares that the table gives, in order, the last one being 1."""
        table = self.credit
        return tuple(sorted({*table.causes.values(), table.scaled, table.other, table.unknown, 1.0} - {0.0}))
