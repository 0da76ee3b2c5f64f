"""symbptt quiz: question banks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

import symbptt
from symbptt.cli.composed import takes_every_model
from symbptt.cli.options import by_ending, force_option, language_option
from symbptt.cli.output import note, say
from symbptt.cli.progress import progress

if TYPE_CHECKING:
    from symbptt.compose import Subject


@click.command()
@takes_every_model
@click.option("--for", "form", type=click.Choice(["moodle", "qti", "latex", "json"]), default="moodle", show_default=True,
              callback=by_ending(lambda: {form.suffix: name for name, form in symbptt.quiz.FORMATS.items()}),
              help="Moodle XML, a QTI 2.1 package, a sheet in LaTeX, or JSON.")
@click.option("--count", type=int, default=20, show_default=True, metavar="NUMBER", help="How many questions.")
@click.option("--variants", type=int, default=1, show_default=True, metavar="NUMBER",
              help="How many quizzes, each with the next seed: in one file for Moodle and JSON, else a file for each.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="NUMBER", help="Seed of the questions.")
@language_option
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path(), metavar="DIR or FILE",
              help="Folder to write to (made if missing), or one file, such as quiz.xml; default the current folder.")
@force_option
def quiz(
    model: Subject, form: str, count: int, variants: int, seed: int, language: str, output: Path, force: bool,
) -> None:
    """Write questions that the derivation answers.

    Numbers, single choice, gaps, order and matching. Wrong answers are common mistakes, each evaluated, so that none is right.
    """
    with progress(f"drawing questions about {model.name}"):
        drawn = symbptt.quiz.variants(model, variants, count=count, seed=seed, language=language)
        paths = symbptt.quiz.write(drawn, output, form, force=force)
    fewest = min(len(one.questions) for one in drawn)
    if fewest < count:
        note(f"{model.name} gives occasion for {fewest} of the {count} questions asked for")
    for path in paths:
        say(str(path))
