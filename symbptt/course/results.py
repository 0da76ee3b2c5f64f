"""Gradescope's results.json: a test for each gradient, with its points and what is said of it."""

import json
from pathlib import Path
from typing import Any

from symbptt.course.folder import submission
from symbptt.course.grades import Grade
from symbptt.course.hidden import Hidden


def results(hidden: Hidden, grade: Grade) -> dict[str, Any]:
    """The object that Gradescope documents for autograders."""
    tests = [
        {"name": mark.gradient, "score": mark.points, "max_score": mark.out_of, "status": "passed" if mark.right else "failed",
         "output": hidden.message(grade, mark.gradient), "output_format": "text", "visibility": "visible"}
        for mark in grade.marks
    ]
    said = "\n".join(grade.remarks) if hidden.level != "none" else ""
    return {"score": grade.points, "output": said, "output_format": "text", "visibility": "visible",
            "stdout_visibility": "hidden", "tests": tests}


def write(hidden: Hidden, handed_in: Path, output: Path, name: str) -> None:
    """Grade what was handed in, a folder with the file `name` or with one other, and write the results."""
    found = submission(handed_in, name)
    grade = hidden.none(found.fault) if found.fault else hidden.file(found.path)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(results(hidden, grade), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
