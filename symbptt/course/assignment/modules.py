"""Graders that take modules: pytest and Gradescope."""

import io
import zipfile
from collections.abc import Mapping

from symbptt.course.assignment.check import check
from symbptt.course.assignment.common import NAME, Files, readme, settings, teacher, under
from symbptt.course.assignment.task import Task
from symbptt.course.assignment.words import statement
from symbptt.version import VERSION


def _student(task: Task) -> Files:
    return under("student", {"assignment.md": statement(task), f"{NAME}.py": task.student, "check.py": check(task)})


_PUBLIC = f'''"""Right or wrong, at a small size: python -m pytest test_public.py"""

import pytest
from {NAME} import {NAME}
from check import CASE, check

WRONG = check({NAME})


@pytest.mark.parametrize("name", CASE["gradients"])
def test_gradient(name):
    assert name not in WRONG, f"{{name}} is wrong"
'''

_HIDDEN = f'''"""Points for each gradient of a submission:

    SUBMISSION={NAME}.py python -m pytest test_hidden.py --junitxml=points.xml

The file runs in the guarded child of symbptt. Each test records `points` and `out_of`, which the XML file holds.
"""

import os
from pathlib import Path

import pytest

from symbptt.course import Hidden

HIDDEN = Hidden.read(Path(__file__).parent)
GRADE = HIDDEN.file(os.environ.get("SUBMISSION", "{NAME}.py"))


@pytest.mark.parametrize("name", HIDDEN.gradients)
def test_gradient(name, record_property):
    record_property("points", HIDDEN.points(GRADE, name))
    record_property("out_of", HIDDEN.credit.of(name))
    HIDDEN.require(GRADE, name)


def test_total(record_property):
    print(f"{{GRADE.points:g}} of {{GRADE.out_of:g}} points")
    record_property("points", GRADE.points)
    record_property("out_of", GRADE.out_of)
'''


def for_pytest(task: Task) -> Files:
    """Modules: the student's with a public test, and the teacher's hidden test."""
    one = f"SUBMISSION={NAME}.py python -m pytest teacher/test_hidden.py --junitxml=points.xml"
    every = (f"symbptt grade SUBMISSIONS --model teacher/model.toml --function {NAME} --credit teacher/credit.toml "
             f"--wrt {','.join(task.gradients)} -o report.html")
    return {
        **_student(task), "student/test_public.py": _PUBLIC, **teacher(task), "teacher/test_hidden.py": _HIDDEN,
        "README.md": readme(task, "pytest", (
            task.word("readme.pytest", command="python -m pytest test_public.py"),
            task.word("readme.one", command=one), task.word("readme.class", command=every),
        )),
    }


_SETUP = """#!/usr/bin/env bash
# Run once when Gradescope builds the image. A wheel of symbptt beside this file goes before the registry.
set -e
cd /autograder/source
python3 -m pip install ./*.whl 2>/dev/null || python3 -m pip install -r requirements.txt
"""
_RUN = """#!/usr/bin/env bash
# Run for every submission.
cd /autograder/source
python3 grade.py /autograder/submission /autograder/results/results.json
"""
_GRADE = f'''"""Grades a submission and writes Gradescope's results.json: python3 grade.py SUBMISSION results.json"""

import sys
from pathlib import Path

from symbptt.course import Hidden, results

results.write(Hidden.read(Path(__file__).parent), Path(sys.argv[1]), Path(sys.argv[2]), "{NAME}.py")
'''


def for_gradescope(task: Task) -> Files:
    """The student's modules, and an autograder to upload."""
    requirements = f"symbptt>={VERSION}\n"
    source: Files = {"setup.sh": _SETUP, "run_autograder": _RUN, "grade.py": _GRADE, "requirements.txt": requirements}
    source |= settings(task)
    return {
        **_student(task), **teacher(task), **under("autograder", source), "autograder.zip": _zipped(source),
        "README.md": readme(task, "Gradescope", (
            task.word("readme.gradescope"), task.word("readme.upload"),
        )),
    }


def _zipped(files: Mapping[str, str | bytes]) -> bytes:
    """An archive that is the same, byte for byte, whenever it is made."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = (0o755 if "." not in name or name.endswith(".sh") else 0o644) << 16
            archive.writestr(entry, content)
    return made.getvalue()
