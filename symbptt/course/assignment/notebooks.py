"""Graders that take notebooks: otter-grader and nbgrader."""

from textwrap import indent
from typing import Any

from symbptt.course.assignment.check import check
from symbptt.course.assignment.common import NAME, Files, readme, settings, teacher, under
from symbptt.course.assignment.task import Task
from symbptt.course.assignment.words import statement
from symbptt.course.hidden import Hidden
from symbptt.document import ipynb
from symbptt.version import VERSION

Cell = dict[str, Any]
_SHOW = f"check({NAME})"


def _student(task: Task) -> Files:
    """The notebook that students fill in, without a grader's marks."""
    cells = [ipynb.words(statement(task)), ipynb.code(task.given), ipynb.code(task.head + task.prompt),
             ipynb.code(f"{check(task)}\n\n{_SHOW}")]
    return under("student", {f"{NAME}.ipynb": ipynb.notebook(cells, task.language)})


def _hidden(task: Task) -> Hidden:
    return Hidden(task.model.text, task.table, task.gradients, task.level, task.steps, task.language)


def _raw(text: str) -> Cell:
    return {"cell_type": "raw", "metadata": {}, "source": text.splitlines(keepends=True)}


_MODULE = """from pathlib import Path

from symbptt.course import Hidden

HIDDEN = Hidden.read(Path(__file__).parent)
"""
_OTTER = f"""# ASSIGNMENT CONFIG
name: {NAME}
requirements: requirements.txt
autograder_files:
  - hidden_grader.py
  - grader.toml
  - model.toml
  - credit.toml
tests:
  ok_format: false
export_cell: false
check_all_cell: false
"""


def for_otter(task: Task) -> Files:
    """The master notebook of `otter assign`, with what its hidden tests read.

    A test of otter passes or fails, so each share that the table of credit gives is a test of its own: it holds the points
    between the share below and this one.
    """
    cells = [
        _raw(_OTTER), ipynb.words(statement(task)), ipynb.code(task.given),
        _raw(f"# BEGIN QUESTION\nname: {NAME}\n"), ipynb.words("## `backward`"), _raw("# BEGIN SOLUTION"),
        ipynb.code(_without_prompt(task.source.solution)), ipynb.code(_prompted(task)), _raw("# END SOLUTION"),
        _raw("# BEGIN TESTS"), *_otter_tests(task), _raw("# END TESTS"), _raw("# END QUESTION"),
    ]
    cells.insert(3, ipynb.code(check(task)))
    master: Files = {
        f"{NAME}.ipynb": ipynb.notebook(cells, task.language), "hidden_grader.py": _MODULE,
        "requirements.txt": f"symbptt>={VERSION}\n",
    }
    return {
        **_student(task), **teacher(task), **under("otter", {**master, **settings(task)}),
        "README.md": readme(task, "otter-grader", (
            task.word("readme.otter", command=f"otter assign {NAME}.ipynb dist"),
            task.word("readme.one", command=f"otter run -a dist/autograder/{NAME}-autograder_*.zip SUBMISSION.ipynb"),
            task.word("readme.wheel"),
        )),
    }


def _without_prompt(text: str) -> str:
    return f"# BEGIN SOLUTION NO PROMPT\n{text}# END SOLUTION"


def _prompted(task: Task) -> str:
    prompt = f'    """ # BEGIN PROMPT\n{task.prompt}    """ # END PROMPT\n'
    return f"{task.head}{prompt}    # BEGIN SOLUTION NO PROMPT\n{task.body}    # END SOLUTION"


def _otter_test(name: str, points: float, hidden: bool, takes: str, body: str) -> Cell:
    config = f'""" # BEGIN TEST CONFIG\npoints: {points!r}\nhidden: {str(hidden).lower()}\n""" # END TEST CONFIG\n'
    return ipynb.code(f"{config}def {name}({takes}):\n{body}")


def _otter_tests(task: Task) -> list[Cell]:
    said = task.word("code.public", names="{', '.join(wrong)}")
    public = f'    wrong = check({NAME})\n    assert not wrong, f"{said}"'
    told = [_otter_test("test_public", 0, False, f"{NAME}, check", public)]
    for number, gradient in enumerate(task.gradients, 1):
        below = 0.0
        for share in _hidden(task).shares:
            points = round(task.credit.of(gradient) * (share - below), 6)
            body = ("    from hidden_grader import HIDDEN\n"
                    f"    HIDDEN.require(HIDDEN.function({NAME}), {gradient!r}, {share!r})")
            told.append(_otter_test(f"test_{number}_{round(100 * share)}", points, True, NAME, body))
            below = share
    return told


def _marked(cell: Cell, grade_id: str, points: float | None = None, solution: bool = False) -> Cell:
    """A cell as nbgrader knows it: a locked one, one to fill in, or one with points."""
    mine: dict[str, Any] = {"grade": points is not None, "grade_id": grade_id, "locked": not solution, "schema_version": 3,
                            "solution": solution, "task": False}
    if points is not None:
        mine["points"] = points
    return {**cell, "metadata": {**cell["metadata"], "nbgrader": mine}}


def for_nbgrader(task: Task) -> Files:
    """A course folder for nbgrader, with the source notebook of one assignment.

    The last line of a test is the number of points, which is how nbgrader gives a part of them.
    """
    # A region of a solution becomes a line that raises, so there is one, with its helpers inside.
    solved = f"{task.head}    ### BEGIN SOLUTION\n{indent(task.source.solution, '    ')}\n{task.body}    ### END SOLUTION"
    given = (task.model.text, task.table, list(task.gradients), task.level, task.steps, task.language)
    grader = f"Hidden({', '.join(map(repr, given))})"
    cells = [
        _marked(ipynb.words(statement(task)), "statement"), _marked(ipynb.code(task.given), "given"),
        _marked(ipynb.code(solved), "answer", solution=True), _marked(ipynb.code(f"{check(task)}\n\n{_SHOW}"), "check"),
        _marked(ipynb.code(f"### BEGIN HIDDEN TESTS\nfrom symbptt.course import Hidden\n\nHIDDEN = {grader}\n"
                           f"GRADE = HIDDEN.function({NAME})\n### END HIDDEN TESTS"), "grader", 0),
    ]
    for number, gradient in enumerate(task.gradients, 1):
        test = (f"# {gradient}\n### BEGIN HIDDEN TESTS\nprint(HIDDEN.message(GRADE, {gradient!r}))\n"
                f"HIDDEN.points(GRADE, {gradient!r})\n### END HIDDEN TESTS")
        cells.append(_marked(ipynb.code(test), f"gradient_{number}", task.credit.of(gradient)))
    return {
        **_student(task), **teacher(task), f"source/{NAME}/{NAME}.ipynb": ipynb.notebook(cells, task.language),
        "README.md": readme(task, "nbgrader", (
            task.word("readme.release", command=f"nbgrader generate_assignment {NAME}", folder=f"release/{NAME}/"),
            task.word("readme.submitted", folder=f"submitted/STUDENT/{NAME}/", first=f"nbgrader autograde {NAME}",
                      second=f"nbgrader generate_feedback {NAME}"),
        )),
    }
