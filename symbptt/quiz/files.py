"""Question banks as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from symbptt import files
from symbptt.errors import BadInput, UnknownName
from symbptt.quiz.drawing import Quiz
from symbptt.quiz.formats import FORMATS


def write(quizzes: Sequence[Quiz], output: Path, form: str = "moodle", *, force: bool = False) -> tuple[Path, ...]:
    """Write variants of a quiz into a folder: one file for all, or one for each where the format holds only one.
    In place of the folder a file can be named, with the ending of the format.

    Raises UnknownName for an unknown format, BadInput where there is no question, and as `symbptt.files.write_all`.
    """
    if form not in FORMATS:
        raise UnknownName("format", form, FORMATS)
    if not all(quiz.questions for quiz in quizzes):
        raise BadInput(f"{quizzes[0].name} gives occasion for no question: it has neither gradients nor adjoints to ask about")
    chosen = FORMATS[form]
    parts = [tuple(quizzes)] if chosen.together else [(quiz,) for quiz in quizzes]
    one = output.suffix == f".{chosen.suffix}" and not output.is_dir()
    if one and len(parts) > 1:
        raise BadInput(f"{output} is one file, and variants in this format are several; give the name of a folder")
    names = [output] if one else [output / _name(part, chosen.suffix) for part in parts]
    files.make_folder(names[0].parent)
    return files.write_all({name: chosen.write(part) for name, part in zip(names, parts, strict=True)}, force=force)


def _name(quizzes: Sequence[Quiz], suffix: str) -> str:
    first, last = quizzes[0], quizzes[-1]
    language = "" if first.language == "en" else f"_{first.language}"
    seeds = f"{first.seed}" if len(quizzes) == 1 else f"{first.seed}-{last.seed}"
    return f"{first.name}_quiz{language}_{seeds}.{suffix}"
