"""symbptt grade: a class, submission by submission."""

from pathlib import Path
from typing import Any

import click

import symbptt
from symbptt.cli.composed import read_any
from symbptt.cli.options import Names, change_options, force_option, formats, wrt_option
from symbptt.cli.output import say
from symbptt.cli.progress import progress
from symbptt.errors import BadInput
from symbptt.files import write_all

_FILE = click.Path(path_type=Path)


@click.command(short_help="Grade a class: points and causes for a folder of submissions.")
@click.argument("folder", metavar="FOLDER", type=_FILE)
@change_options
@click.option("--model", "source", required=True, metavar="MODEL", help="The model whose gradients were to be written.")
@wrt_option("Gradients that count; default all parameters.")
@click.option("--credit", type=_FILE, metavar="FILE.toml", help="Points of each gradient, and what is left of them by cause.")
@click.option("--function", metavar="NAME", help="The function that returns gradients; guessed if left out.")
@click.option("--mapping", type=_FILE, metavar="FILE.toml", help="What names stand for, as for diagnose.")
@click.option("--file", metavar="NAME", help="The file to take where a submission is a folder with several.")
@click.option("--timeout", type=click.FloatRange(1, 600), default=10.0, show_default=True, metavar="SECONDS",
              help="What the code of one submission may take.")
@click.option("--jobs", type=click.IntRange(1, 256), metavar="NUMBER", help="Submissions at a time; default one for each core.")
@formats("text", "html", "csv", "json")
@click.option("-o", "--output", "outputs", multiple=True, type=_FILE, metavar="FILE",
              help="File to write, .html, .csv or .json; may be repeated.")
@force_option
def grade(
    folder: Path, source: str, wrt: Names, credit: Path | None, function: str | None, mapping: Path | None, file: str | None,
    timeout: float, jobs: int | None, layout: str, outputs: tuple[Path, ...], force: bool, **changes: Any,
) -> None:
    """Judge every submission in FOLDER, each a file or a folder with one file (.py or .ipynb).

    Code runs behind the guard. A submission that fails is a row with its reason.
    """
    if timeout != timeout:  # nan lies in every range
        raise BadInput("--timeout: expected seconds between 1 and 600, not nan")
    writers = symbptt.course.WRITERS
    for path in outputs:
        if path.suffix.removeprefix(".") not in {*writers} - {"text"}:
            raise BadInput(f"-o {path}: expected a name that ends in .html, .csv or .json")
    model = read_any(source, changes)
    given = symbptt.course.submissions(folder, file, leave=outputs)
    options = symbptt.course.Options(wrt, function, mapping, credit, timeout, jobs or 0)
    done = 0

    def told(count: int) -> None:
        nonlocal done
        done = count

    with progress(lambda: f"grading, {done} of {len(given)}"):
        book = symbptt.course.grade(model, given, options, told)
    if outputs:
        for path in write_all({path: writers[path.suffix[1:]](book) for path in outputs}, force=force):
            say(str(path))
    else:
        say(writers[layout](book))
