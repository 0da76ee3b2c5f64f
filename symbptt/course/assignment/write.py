"""The files of an assignment for a grader."""

from collections.abc import Callable, Mapping
from pathlib import Path

from symbptt import files
from symbptt.course.assignment import modules, notebooks
from symbptt.course.assignment.common import Files
from symbptt.course.assignment.task import Task
from symbptt.errors import UnknownName

GRADERS: Mapping[str, Callable[[Task], Files]] = {
    "otter": notebooks.for_otter, "nbgrader": notebooks.for_nbgrader, "gradescope": modules.for_gradescope,
    "pytest": modules.for_pytest,
}
"""By the name of the grader. To add one: a function that gives its files by path, and a row."""


def write(task: Task, grader: str, folder: Path | str, force: bool = False) -> tuple[Path, ...]:
    """Write an assignment into a folder, which is made if it is missing; all files or none. Returns their paths.

    Raises UnknownName for another grader, BadInput for a file that exists, unless `force`.
    """
    if grader not in GRADERS:
        raise UnknownName("grader", grader, GRADERS)
    root = Path(folder)
    made = {root.joinpath(*name.split("/")): content for name, content in GRADERS[grader](task).items()}
    for place in sorted({path.parent for path in made}):
        files.make_folder(place)
    return files.write_all(made, force=force)
