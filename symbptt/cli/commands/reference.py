"""symbptt reference: a test file for a kernel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

import symbptt
from symbptt.cli.options import force_option, output_option, takes_model
from symbptt.cli.output import say
from symbptt.cli.progress import progress
from symbptt.files import write

if TYPE_CHECKING:
    from symbptt import Model


@click.command()
@click.option("--kernel", metavar="MODULE:NAME", help="What to test, as kernels:GatedAttention.apply; else a line to fill in.")
@click.option("--axes", default="T N", show_default=True, metavar="WORDS",
              help="Axes in front of an input's own: T for steps, any other words for samples.")
@click.option("--chunk", type=int, default=16, show_default=True, metavar="STEPS", help="Test lengths around multiples of it.")
@output_option
@force_option
@takes_model
def reference(model: Model, kernel: str | None, axes: str, chunk: int, output: Path | None, force: bool) -> None:
    """Write a pytest file for a kernel in PyTorch.

    The recurrence step by step, its gradients, and a grid of cases that kernels get wrong.
    """
    with progress(f"writing the tests of {model.name}"):
        source = symbptt.emit.reference(model, kernel, axes, chunk)
    if output is None:
        say(source.text)
    else:
        say(str(write(output, source.text, force=force)))
