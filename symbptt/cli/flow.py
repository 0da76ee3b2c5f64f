"""The command that follows the gradient: analyze."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

import symbptt
from symbptt.cli.options import CHANGES, dims_option, force_option, formats, read, source_options, steps_option, wrt_option
from symbptt.cli.output import say
from symbptt.cli.progress import progress
from symbptt.cli.truncation import truncation_options
from symbptt.errors import BadInput, Disagreement
from symbptt.files import write

PRODUCTS = {"all": True, "last": False}


def _pairs(name: str, values: tuple[str, ...]) -> dict[str, float]:
    """NAME=NUMBER options as a dict."""
    found = {}
    for value in values:
        key, equals, number = value.partition("=")
        try:
            found[key.strip()] = float(number)
        except ValueError:
            equals = ""
        if not equals:
            raise BadInput(f"{name}: expected NAME=NUMBER, such as b_f=1, not {value!r}")
    return found


def _init(values: tuple[str, ...]) -> Mapping[str, str] | str | None:
    """--init NAME for all matrices, or --init PARAMETER=NAME, which may be repeated."""
    plain = [value for value in values if "=" not in value]
    if len(plain) > 1 or (plain and len(values) > 1):
        raise BadInput("--init: give one name for all matrices, or PARAMETER=NAME for some of them")
    if plain:
        return plain[0]
    return {key.strip(): name.strip() for key, _, name in (value.partition("=") for value in values)} or None


@click.command()
@source_options
@steps_option(default=None, about="Number of time steps; default 20, or as the values say.")
@dims_option
@click.option("-N", "--batch", type=int, metavar="SAMPLES", help="Number of samples; default 2.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="NUMBER", help="Seed of the random values.")
@click.option("--values", type=click.Path(path_type=Path), metavar="FILE.npz", help="Arrays by name, in place of random ones.")
@click.option("--init", multiple=True, metavar="NAME",
              help="Initial weights: xavier, he, orthogonal, identity, ...; or PARAMETER=NAME, repeated.")
@click.option("--set", "fill", multiple=True, metavar="NAME=NUMBER", help="Fill a parameter with a number, such as b_f=1.")
@click.option("--scale", multiple=True, metavar="NAME=NUMBER", help="Multiply a parameter, such as W_hh=0.5.")
@wrt_option("Names whose terms to list, separated by commas; default all parameters; 'all' adds inputs and initial states.")
@click.option("--norm", default="fro", show_default=True, metavar="NAME", help="Norm of the terms: fro, 2, 1, inf, max.")
@click.option("--per-sample", is_flag=True, help="List the norms of each sample as well.")
@click.option("--products", type=click.Choice([*PRODUCTS]), help="Jacobian products of all pairs, or from the last step only.")
@truncation_options
@click.option("--randomise", "keep", type=float, metavar="P",
              help="Enumerate a random truncation that goes on with probability P (T <= 12).")
@click.option("--modes", "both_modes", is_flag=True, help="Run the code forward in time as well, and measure both modes.")
@formats("text", "json", "csv")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="File to write; default standard output.")
@force_option
def analyze(
    source: str, steps: int | None, dims: dict[str, int] | None, batch: int | None, seed: int, values: Path | None,
    init: tuple[str, ...], fill: tuple[str, ...], scale: tuple[str, ...], wrt: tuple[str, ...] | str | None, norm: str,
    per_sample: bool, products: str | None, truncation: tuple[int, int] | None, keep: float | None, both_modes: bool,
    layout: str, output: Path | None, force: bool, **changes: Any,
) -> None:
    """Show where the gradient of a MODEL goes.

    The norms of its terms (t, k) and of the state-Jacobian products, spectra, bounds, and a verdict in words.
    """
    model = read(source, {name: changes[name] for name in CHANGES})
    with progress(f"analysing {model.name}"):
        given = symbptt.analyze.load(values) if values else None
        point = symbptt.analyze.point(model, steps, dims, batch, seed, values=given, init=_init(init))
        point = symbptt.analyze.adjusted(model, point, _pairs("--set", fill), _pairs("--scale", scale))
        every = None if products is None else PRODUCTS[products]
        found = symbptt.analyze.at(model, point, wrt, norm=norm, samples=per_sample, every=every)
        found = symbptt.analyze.more(found, wrt, truncation=truncation, keep=keep, both_modes=both_modes)
        text = getattr(symbptt.analyze, f"as_{layout}")(found)
    if output is None:
        say(text)
    else:
        say(str(write(output, text, force=force)))
    if not found.agrees:
        raise Disagreement(f"{model.name}: the terms do not add up to the gradient; see the notes")
