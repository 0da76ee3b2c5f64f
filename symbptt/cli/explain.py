"""The command that finds the mistake in somebody else's gradients: diagnose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

import symbptt
from symbptt.cli.options import formats, takes_model
from symbptt.cli.output import say, say_json
from symbptt.cli.progress import progress
from symbptt.errors import BadInput

if TYPE_CHECKING:
    from symbptt import Model


@click.command()
@click.option("--values", type=click.Path(path_type=Path), metavar="FILE.npz",
              help="Numbers to check, without code: arrays gradients.W, parameters.W, inputs.x, targets.y ...")
@formats("text", "json")
@takes_model
def diagnose(model: Model, values: Path | None, layout: str) -> int:
    """Say whether somebody's gradients are right, and what is wrong.

    Exit code 0 if all are right, 1 if any is not.
    """
    if values is None:
        raise BadInput("diagnose: give --values FILE.npz")
    with progress(f"diagnosing {values}"):
        found = symbptt.diagnose.values.file(model, values)
    if layout == "json":
        say_json(found.json())
    else:
        say(str(found))
    return 0 if found.ok else 1
