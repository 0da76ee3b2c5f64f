"""symbptt analyze: how the gradient flows."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import symbptt
from symbptt.cli.analysis_formats import of_analysis, of_flow, of_result, page
from symbptt.cli.composed import chosen, read_any, read_chain
from symbptt.cli.options import (
    CHANGES,
    Names,
    dims_option,
    force_option,
    formats,
    output_option,
    read,
    sources_options,
    steps_option,
    wrt_option,
)
from symbptt.cli.output import say
from symbptt.cli.progress import progress
from symbptt.cli.truncation import truncation_options
from symbptt.errors import BadInput, Disagreement
from symbptt.files import write

if TYPE_CHECKING:
    from symbptt.compose import Chain

STRUCTURE = ("text", "json")
PRODUCTS = {"all": True, "last": False}
SINGLE = {
    "values": "--values", "wrt": "--wrt", "per_sample": "--per-sample", "entries": "--entries", "products": "--products",
    "picture": "--picture", "table": "--table", "truncation": "--window, --k1", "keep": "--randomise", "both_modes": "--modes",
}
"""Options for the analysis of one model alone."""
EXPERIMENTS = "signal, cliff, curves, interval, initialisation, activation, normalisation, gates, forget-bias"


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


def _one_thread() -> None:
    """Products of small matrices take up to twenty times as long where threads wait for each other."""
    for library in ("OPENBLAS", "MKL", "OMP"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


@click.command()
@sources_options
@click.option("--compare", is_flag=True, help="Put several models side by side, on the same data.")
@click.option("--experiment", metavar="NAME", help=f"Run an experiment in place of a MODEL: {EXPERIMENTS}.")
@click.option("--structure", "only_structure", is_flag=True,
              help="Say of the states only which recurrences are affine, with which transition, and what follows.")
@steps_option(default=None, about="Number of time steps; default 20, or as the values say.")
@dims_option
@click.option("-N", "--batch", type=int, metavar="SAMPLES", help="Number of samples; default 2.")
@click.option("--seed", type=int, metavar="NUMBER", help="Seed of the random values; default 0.")
@click.option("--values", type=click.Path(path_type=Path), metavar="FILE.npz", help="Arrays by name, in place of random ones.")
@click.option("--init", multiple=True, metavar="NAME",
              help="Initial weights: xavier, he, orthogonal, identity, ...; or PARAMETER=NAME, repeated.")
@click.option("--set", "fill", multiple=True, metavar="NAME=NUMBER", help="Fill a parameter with a number, such as b_f=1.")
@click.option("--scale", multiple=True, metavar="NAME=NUMBER", help="Multiply a parameter, such as W_hh=0.5.")
@wrt_option("Names whose terms to list, separated by commas; default all parameters; 'all' adds inputs and initial states.")
@click.option("--norm", default="fro", show_default=True, metavar="NAME", help="Norm of the terms: fro, 2, 1, inf, max.")
@click.option("--per-sample", is_flag=True, help="List the norms of each sample as well.")
@click.option("--entries", is_flag=True, help="With json: the terms themselves, entry by entry.")
@click.option("--products", type=click.Choice([*PRODUCTS]),
              help="Jacobian products of all pairs and all factors, or from the last step only.")
@truncation_options
@click.option("--randomise", "keep", type=float, metavar="P",
              help="Enumerate a random truncation that goes on with probability P (T <= 12).")
@click.option("--modes", "both_modes", is_flag=True, help="Run the code forward in time as well, and measure both modes.")
@click.option("--table", metavar="NAME",
              help="With csv: terms (default), sums, signals, products, factors, jacobians, spectra, units, randomised.")
@click.option("--picture", metavar="NAME", help="With png or svg: overview, terms, distance, shares, window, spectra, blocks.")
@formats("text", "json", "csv", "png", "svg", "html")
@output_option
@force_option
def analyze(
    sources: tuple[str, ...], compare: bool, experiment: str | None, only_structure: bool, layout: str, output: Path | None,
    force: bool, **options: Any,
) -> None:
    """Show where the gradient of a MODEL goes.

    The norms of its terms (t, k) and of the state-Jacobian products, spectra, bounds, and a verdict in words.
    """
    _one_thread()
    if layout == "png" and output is None:
        raise BadInput("a PNG goes to a file: give -o FILE")
    content: str | bytes
    with progress("analysing"):
        if only_structure:
            content, agrees = _structure(sources, options, layout, compare or experiment is not None), True
        elif len(sources) == 1 and not compare and experiment is None and symbptt.compose.is_composed(sources[0]):
            given = chosen(_composed, {**options, "layout": layout, "output": output, "force": force})
            content, agrees = _composed(read_chain(sources[0], _changes(options)), **given)
        elif experiment is not None:
            content, agrees = _experiment(experiment, sources, options, layout), True
        elif compare:
            content, agrees = _compared(sources, options, layout), True
        else:
            content, agrees = _single(sources, options, layout)
    if output is None:
        say(content if isinstance(content, str) else content.decode("utf-8"))
    else:
        say(str(write(output, content, force=force)))
    if not agrees:
        raise Disagreement(f"{sources[0]}: the terms do not add up to the gradient; see the notes")


def _changes(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: options[name] for name in CHANGES}


NO_NUMBERS = {
    **SINGLE, "steps": "-T", "dims": "--dims", "batch": "-N", "seed": "--seed",
    "init": "--init", "fill": "--set", "scale": "--scale",
}
"""Options for values, which the structure of a model has no use for."""


def _structure(sources: tuple[str, ...], options: Mapping[str, Any], layout: str, other: bool) -> str:
    """The components of the states of one model, read off its equations."""
    if len(sources) != 1 or other:
        raise BadInput("--structure takes one MODEL, and neither --compare nor --experiment")
    if layout not in STRUCTURE:
        raise BadInput(f"--structure: takes --format {' or '.join(STRUCTURE)}")
    for name, flag in NO_NUMBERS.items():
        if options[name] not in (None, False, ()):
            raise BadInput(f"{flag}: the structure is read off the equations and needs no values")
    stage = symbptt.compose.report if symbptt.compose.is_composed(sources[0]) else symbptt.analyze
    content: str = getattr(stage, f"structure_{layout}")(read_any(sources[0], _changes(options)))
    return content


def _composed(
    chain: Chain, layout: str, output: Path | None, force: bool, steps: int | None, dims: Mapping[str, int] | None,
    batch: int | None, seed: int | None, values: Path | None, init: tuple[str, ...], fill: tuple[str, ...],
    scale: tuple[str, ...], wrt: Names, norm: str, picture: str | None, table: str | None, truncation: tuple[int, int] | None,
) -> tuple[str | bytes, bool]:
    found = symbptt.compose.flow(
        chain, steps, dims, batch, seed or 0, values=symbptt.analyze.load(values) if values else None, init=_init(init),
        fill=_pairs("--set", fill), scale=_pairs("--scale", scale), wrt=wrt, norm=norm, truncation=truncation,
    )
    return of_flow(found, layout, picture, table), found.agrees


def _single(sources: tuple[str, ...], options: Mapping[str, Any], layout: str) -> tuple[str | bytes, bool]:
    if len(sources) != 1:
        raise BadInput("analyze takes one MODEL; several go with --compare, none with --experiment")
    if options["entries"] and layout != "json":
        raise BadInput("--entries: takes --format json")
    model = read(sources[0], _changes(options))
    if layout == "html":
        return page(model, options, _init(options["init"]), _pairs("--set", options["fill"])), True
    stage = symbptt.analyze
    given = stage.load(options["values"]) if options["values"] else None
    sizes = (options["steps"], options["dims"], options["batch"], options["seed"] or 0)
    point = stage.point(model, *sizes, values=given, init=_init(options["init"]))
    point = stage.adjusted(model, point, _pairs("--set", options["fill"]), _pairs("--scale", options["scale"]))
    every = None if options["products"] is None else PRODUCTS[options["products"]]
    kept = {"samples": options["per_sample"], "entries": options["entries"]}
    found = stage.at(model, point, options["wrt"], norm=options["norm"], every=every, **kept)
    found = stage.more(
        found, options["wrt"], truncation=options["truncation"], keep=options["keep"], both_modes=options["both_modes"]
    )
    return of_analysis(found, layout, options["picture"], options["table"]), found.agrees


def _options(options: Mapping[str, Any]) -> Any:
    """The options that experiments and comparisons know; raises BadInput for another one."""
    for name, flag in SINGLE.items():
        if options[name] not in (None, False):
            raise BadInput(f"{flag}: is for the analysis of one MODEL")
    return symbptt.analyze.Options(
        options["steps"], options["dims"] or {}, options["batch"], options["seed"], _init(options["init"]),
        _pairs("--set", options["fill"]), _pairs("--scale", options["scale"]), options["norm"], options["activation"],
    )


def _experiment(name: str, sources: tuple[str, ...], options: Mapping[str, Any], layout: str) -> str | bytes:
    changes = {flag: value for flag, value in _changes(options).items() if value is not None}
    if sources or changes.keys() - {"activation"}:
        raise BadInput(f"--experiment {name} brings its own models; leave MODEL and its changes out")
    return of_result(symbptt.analyze.experiment(name, _options(options)), layout)


def _compared(sources: tuple[str, ...], options: Mapping[str, Any], layout: str) -> str | bytes:
    models = [read(source, _changes(options)) for source in sources]
    return of_result(symbptt.analyze.compare_models(models, _options(options)), layout)
