"""symbptt fuzz: random models through everything."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

import symbptt
from symbptt import files
from symbptt.cli.output import note, say
from symbptt.errors import BadInput, Disagreement

if TYPE_CHECKING:
    from symbptt.fuzz import Outcome


@click.command()
@click.option("--models", type=int, default=1000, show_default=True, metavar="NUMBER", help="How many random models.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="NUMBER", help="Which random models.")
@click.option("--first", type=click.IntRange(0), default=0, show_default=True, metavar="NUMBER",
              help="The number of the first one.")
@click.option("--words", is_flag=True, help="Call everything by words that emitted code uses itself.")
@click.option("--composed", is_flag=True, help="Models of two directions of time, or of phases with attention.")
@click.option("--pieces", default="gradients", show_default=True, metavar="NAMES",
              help="What each goes through, separated by commas: gradients, backends, c, targets, documents, analyses,"
                   " diagnoses, or all.")
@click.option("--keep", type=click.Path(path_type=Path), metavar="FOLDER", help="Write the models that fail there, as files.")
def fuzz(models: int, seed: int, first: int, words: bool, composed: bool, pieces: str, keep: Path | None) -> None:
    """Send random models through everything that is made of a model.

    Each is written as a model file and read; its gradients in three forms and in emitted code are compared with the complex
    step. With --pieces it is also documented, analysed, verified and diagnosed, and emitted for every array library that is
    installed. A model that fails, or that takes more than a minute of processor time in one place, is cut down and printed;
    exit code 1 if any does.
    """
    if models < 1:
        raise BadInput(f"--models must be a positive number, not {models}")
    if keep is not None:
        files.make_folder(keep)
    wanted = symbptt.fuzz.chosen(name.strip() for name in pieces.split(","))
    absent = symbptt.fuzz.missing() if {"backends", "targets"} & set(wanted) else ()
    if absent:
        note(f"not installed, so left out: {', '.join(absent)}")
    found: Counter[str] = Counter()
    with _counted(symbptt.fuzz.outcomes(models, seed, wanted, first, words, composed), models) as outcomes:
        for outcome in outcomes:
            found[outcome.summary] += 1
            if outcome.fault is not None:
                say(outcome.file())
                if keep is not None:
                    files.write(keep / f"fuzz_{seed}_{outcome.number}.toml", outcome.file(), force=True)
    say(", ".join(f"{count} {what}" for what, count in sorted(found.items())))
    if found["failed"]:
        raise Disagreement(f"{found['failed']} of {models} random models failed")


@contextmanager
def _counted(outcomes: Iterator[Outcome], models: int) -> Iterator[Iterator[Outcome]]:
    """The outcomes with a bar on a terminal, and silence in a pipe."""
    if not sys.stderr.isatty():
        yield outcomes
        return
    with click.progressbar(outcomes, length=models, label="fuzzing", file=sys.stderr) as bar:
        yield iter(bar)
