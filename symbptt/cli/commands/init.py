"""symbptt init: first values, drawn into a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

import symbptt
from symbptt.cli.options import dims_option, force_option, steps_option, takes_model
from symbptt.cli.output import say
from symbptt.files import write
from symbptt.terminal import columns

if TYPE_CHECKING:
    from symbptt import Model


@click.command()
@steps_option(default=None, about="Number of time steps, for parameters with one value per step.")
@dims_option
@click.option("--seed", type=int, default=0, show_default=True, metavar="NUMBER", help="Seed of the random values.")
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), metavar="FILE", help="File to write: NumPy's .npz.")
@force_option
@takes_model
def init(model: Model, steps: int | None, dims: dict[str, int] | None, seed: int, path: Path | None, force: bool) -> None:
    """Draw first values of the parameters, as the model file says."""
    drawer = symbptt.model.initialisers
    values = drawer.draw(model, dims or {}, seed, steps)
    if path is not None:
        say(str(write(path, drawer.packed(values), force=force)))
        return
    rows = [
        (name, " ".join(map(str, v.shape)) or "scalar", drawer.name_of(model[name]), f"{v.mean():.3g}", f"{v.std():.3g}")
        for name, v in values.items()
    ]
    say("\n".join(columns([("parameter", "shape", "initialiser", "mean", "deviation"), *rows], indent="")))
