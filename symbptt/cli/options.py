"""The arguments and options that several commands share, and how their values are read.

Nothing here imports a stage: `symbptt.load` and its like are found on first use, so that `--help` stays quick.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

import symbptt
from symbptt.cli.output import note
from symbptt.cli.progress import progress
from symbptt.errors import BadInput
from symbptt.resources import languages, model_names

if TYPE_CHECKING:
    from symbptt import Model

Names = tuple[str, ...] | str | None
"""What `--wrt` gives: distinct names, "all", or nothing."""
Command = TypeVar("Command", bound=Callable[..., Any])
LOSSES = ("softmax_cross_entropy", "squared_error", "none")
CHANGES = ("loss", "activation", "layers", "freeze", "training")
"""The options that change a model, as `symbptt.load` calls them."""
ACTIVATIONS = ("tanh", "sigmoid", "relu", "identity")
"""`symbptt.algebra.functions.COMMON`, for a help that needs no SymPy."""


def _models(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    names = [CompletionItem(name) for name in model_names() if name.startswith(incomplete)]
    return [*names, CompletionItem(incomplete, type="file")]


def _words(*known: str) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    return lambda context, parameter, incomplete: [CompletionItem(word) for word in known if word.startswith(incomplete)]


def change_options(command: Command) -> Command:
    """Add the options that change a model, called as in `CHANGES`, each None unless given."""
    for option in (
        click.option("--inference", "training", is_flag=True, flag_value=False, default=None,
                     help="Use moving averages in every batch_norm."),
        click.option("--freeze", is_flag=True, flag_value=True, default=None,
                     help="Add an input mask; a step that is 0 in it keeps the states."),
        click.option("--layers", type=int, metavar="NUMBER", help="Stack the cell, each layer on the state of the one below."),
        click.option("--activation", metavar="NAME", shell_complete=_words(*ACTIVATIONS),
                     help=f"Swap the activation of elman: {', '.join(ACTIVATIONS)}, ..."),
        click.option("--loss", metavar="NAME", shell_complete=_words(*LOSSES), help=f"Swap the loss: {', '.join(LOSSES)}, ..."),
    ):
        command = option(command)
    return command


def source_options(command: Command) -> Command:
    """Add MODEL as `source`, and the options that change a model."""
    return click.argument("source", metavar="MODEL", shell_complete=_models)(change_options(command))


def sources_options(command: Command) -> Command:
    """Add any number of MODEL as `sources`, and the options that change each of them."""
    return click.argument("sources", metavar="MODEL...", nargs=-1, shell_complete=_models)(change_options(command))


def read(source: str, changes: Mapping[str, Any]) -> Model:
    """The model named or stored at `source`, with the changes of `source_options`; errors as of `symbptt.load`."""
    with progress(f"reading {source}"):
        model = symbptt.load(source, **changes)
    for variable in model.unread if not any(changes.values()) else ():
        note(f"{source}: no equation reads the {variable.role} {variable.name}")
    return model


def taking(reader: Callable[[str, Mapping[str, Any]], Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A command on what `reader` makes of the arguments of `source_options`, given as `model`."""

    def takes(command: Callable[..., Any]) -> Callable[..., Any]:
        @source_options
        @wraps(command)
        def reads(source: str, **options: Any) -> Any:
            changes = {name: options.pop(name) for name in CHANGES}
            return command(model=reader(source, changes), **options)

        return reads

    return takes


takes_model = taking(read)
"""A command on a model of one recurrence."""


ENDINGS = {"tex": "latex", "txt": "text"}
"""Endings of files that are not called as the format in them."""


def by_ending(known: Callable[[], Mapping[str, str]]) -> Callable[[click.Context, click.Parameter, str], str]:
    """A callback of an option with a default: where nobody gives it, the ending of the file of -o tells it, as `known` says."""

    def chosen(context: click.Context, parameter: click.Parameter, value: str) -> str:
        output = context.params.get("output")
        if output is None or context.get_parameter_source(str(parameter.name)) is not ParameterSource.DEFAULT:
            return value
        return known().get(Path(output).suffix.removeprefix("."), value)

    return chosen


def _targets() -> dict[str, str]:
    """Endings that belong to one target alone."""
    endings = {name: target.suffix.removeprefix(".") for name, target in symbptt.emit.TARGETS.items()}
    shared = Counter(endings.values())
    return {ending: name for name, ending in endings.items() if shared[ending] == 1}


def backend_option(command: Command) -> Command:
    """`--backend`; the default is the target that the ending of -o belongs to, or NumPy."""
    return click.option("--backend", default="numpy", show_default=True, metavar="NAME", callback=by_ending(_targets),
                        help="numpy, jax, torch, c (also by -o FILE.c), or a target of an installed package.")(command)


def formats(*known: str) -> Callable[[Command], Command]:
    """`--format`, as `layout`; the default is the one of the ending of -o, or the first one."""
    endings = {name: name for name in known} | {ending: name for ending, name in ENDINGS.items() if name in known}
    return click.option("--format", "layout", type=click.Choice(known), default=known[0], show_default=True,
                        callback=by_ending(lambda: endings), help="What to print.")


def chunk_option(about: str) -> Callable[[Command], Command]:
    """`--chunk C`, as `chunk`; None if left out."""
    return click.option("--chunk", type=click.IntRange(1), metavar="TOKENS", help=about)


def steps_option(default: int | None = 3, about: str = "Number of time steps.") -> Callable[[Command], Command]:
    """`-T`, as `steps`."""
    return click.option("-T", "steps", type=int, default=default, show_default=default is not None, metavar="STEPS", help=about)


def _standard_output(context: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    return None if value is not None and str(value) == "-" else value


def output_option(command: Command) -> Command:
    """`-o FILE`, as `output`; None for standard output, which - stands for too."""
    return click.option("-o", "--output", callback=_standard_output, type=click.Path(path_type=Path), metavar="FILE",
                        help="File to write; default standard output, as for -.")(command)


def force_option(command: Command) -> Command:
    """`--force`."""
    return click.option("--force", is_flag=True, help="Replace files that exist.")(command)


def _comma_separated(context: click.Context, parameter: click.Parameter, value: str | None) -> Names:
    if value is None or value == "all":
        return value
    names = tuple(name.strip() for name in value.split(","))
    if not all(names):
        raise BadInput(f"--wrt: expected names separated by commas, not {value!r}")
    return tuple(dict.fromkeys(names))


def wrt_option(about: str) -> Callable[[Command], Command]:
    """`--wrt a,b,c`, as `Names`."""
    return click.option("--wrt", callback=_comma_separated, metavar="NAMES", help=about)


def language_option(command: Command) -> Command:
    """`--lang es`, as `language`."""
    about = f"Language of the words: {', '.join(languages())}."
    return click.option("--lang", "language", default="en", show_default=True, metavar="LANGUAGE", help=about)(command)


def writing_options(command: Command) -> Command:
    """`--lang`, `--notation` and `--layout`, as `language`, `notation` and `orientation`."""
    for option in (
        click.option("--layout", "orientation", type=click.Choice(["column", "row"]),
                     help="Samples as columns or as rows; default that of the notation."),
        click.option("--notation", default="textbook", show_default=True, metavar="NAME",
                     help="Symbols and signs of formulas: textbook, goodfellow, suwv, ..., or a file ending in .toml."),
        language_option,
    ):
        command = option(command)
    return command


def _sizes(context: click.Context, parameter: click.Parameter, value: str | None) -> dict[str, int] | None:
    if value is None:
        return None
    pairs = [re.fullmatch(r"\s*(\w+)\s*=\s*(\d{1,6})\s*", part) for part in value.split(",")]
    if not all(pairs):
        expected = "NAME=SIZE separated by commas, such as D=3,H=4, each size a whole number of at most six digits"
        raise BadInput(f"{parameter.opts[0]}: expected {expected}, not {value!r}")
    names = [pair[1] for pair in pairs if pair]
    if twice := [name for name in names if names.count(name) > 1]:
        raise BadInput(f"{parameter.opts[0]}: {twice[0]} is given twice")
    return {pair[1]: int(pair[2]) for pair in pairs if pair}


def static_option(command: Command) -> Command:
    """`--static T=20,N=1,D=3,H=4`, as a dict or None."""
    about = "With C, fix all sizes, T and N included; the code then has a workspace of its own."
    return click.option("--static", callback=_sizes, metavar="SIZES", help=about)(command)


def dims_option(command: Command) -> Command:
    """`--dims D=3,H=4`, as a dict or None."""
    return click.option("--dims", callback=_sizes, metavar="SIZES", help="Sizes of the dimensions, such as D=3,H=4,O=2.")(command)
