"""What a course needs: a class graded by cause, with partial credit that the teacher sets."""

from __future__ import annotations

from symbptt.course.credit import Credit
from symbptt.course.folder import Submission, submissions
from symbptt.course.gradebook import Gradebook, Options, asked, grade
from symbptt.course.grades import Grade, Mark
from symbptt.course.report import WRITERS

__all__ = ["WRITERS", "Credit", "Grade", "Gradebook", "Mark", "Options", "Submission", "asked", "grade", "submissions"]


def __dir__() -> list[str]:
    return __all__
