"""What a course needs: assignments for graders, and a class graded by cause, with partial credit that the teacher sets."""

from symbptt.course import results
from symbptt.course.assignment.task import Task, task
from symbptt.course.assignment.write import GRADERS, write
from symbptt.course.credit import Credit
from symbptt.course.folder import Submission, submissions
from symbptt.course.gradebook import Gradebook, Options, asked, grade
from symbptt.course.grades import Grade, Mark
from symbptt.course.hidden import LEVELS, Hidden
from symbptt.course.report import WRITERS

__all__ = [
    "GRADERS", "LEVELS", "WRITERS", "Credit", "Grade", "Gradebook", "Hidden", "Mark", "Options", "Submission", "Task", "asked",
    "grade", "results", "submissions", "task", "write",
]
__dir__ = __all__.copy
