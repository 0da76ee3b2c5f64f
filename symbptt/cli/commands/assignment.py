"""symbptt assignment: a backward pass to write, for several graders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

import symbptt
from symbptt.cli.composed import takes_every_model
from symbptt.cli.options import Names, force_option, language_option, wrt_option
from symbptt.cli.output import note, say
from symbptt.cli.progress import progress
from symbptt.errors import BadInput

if TYPE_CHECKING:
    from symbptt.compose import Subject


@click.command(short_help="Write an assignment with hidden tests, for several graders.")
@takes_every_model
@click.option("--for", "grader", type=click.Choice(("otter", "nbgrader", "gradescope", "pytest")), default="pytest",
              show_default=True, help="The grader.")
@wrt_option("Gradients that are asked for; default all parameters.")
@click.option("--credit", type=click.Path(path_type=Path), metavar="FILE.toml",
              help="Points of each gradient, and what is left of them by cause.")
@click.option("--messages", type=click.Choice(("none", "cause", "equation")), default="cause", show_default=True,
              help="What the tests say of a wrong gradient.")
@language_option
@click.option("-o", "--output", "folder", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Folder to write; made if missing.")
@force_option
def assignment(
    model: Subject, grader: str, wrt: Names, credit: Path | None, messages: str, language: str, folder: Path | None, force: bool,
) -> None:
    """Write an assignment on MODEL: a forward pass is given, the backward pass is to be written.

    The folder has what students get, a public check, hidden tests with points by cause, a solution and a rubric.
    """
    if folder is None:
        raise BadInput("assignment: give a folder to write with -o")
    with progress("writing the assignment"):
        made = symbptt.course.task(model, wrt, credit, messages, language)
        if model.loss is None:
            note(f"{model.name} has no loss: gradients are asked for cotangents of its outputs, which are given")
        written = symbptt.course.write(made, grader, folder, force)
    for path in written:
        say(str(path))
