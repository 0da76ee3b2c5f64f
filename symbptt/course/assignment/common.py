"""What the folders of all graders have."""

import json
from collections.abc import Mapping, Sequence

from symbptt.course.assignment.task import Task
from symbptt.course.assignment.words import rubric

Files = dict[str, str | bytes]
NAME = "backward"
"""Of the function that students write, and of its file."""


def settings(task: Task) -> Files:
    """What `Hidden.read` reads."""
    steps = f"steps = {task.steps}\n" if task.steps else ""
    gradients = json.dumps(task.gradients, ensure_ascii=False)
    return {
        "grader.toml": f'gradients = {gradients}\nmessages = "{task.level}"\nlanguage = "{task.language}"\n{steps}',
        "model.toml": task.model.text,
        "credit.toml": task.table,
    }


def under(folder: str, files: Mapping[str, str | bytes]) -> Files:
    """Files in a folder."""
    return {f"{folder}/{name}": content for name, content in files.items()}


def teacher(task: Task) -> Files:
    """The solution, the rubric and the settings of the grader."""
    return under("teacher", {"rubric.md": rubric(task), "solution.py": task.solution, **settings(task)})


def readme(task: Task, grader: str, steps: Sequence[str]) -> str:
    """How the folder is used."""
    listed = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
    teacher = task.word("readme.teacher", messages=task.word(f"readme.{task.level}"))
    return f"# {task.word('readme.title', grader=grader)}\n\n{listed}\n\n{teacher}\n"
