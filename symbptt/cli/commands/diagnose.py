"""symbptt diagnose: the mistake in somebody's gradients."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

import symbptt
from symbptt.cli.composed import takes_any_model
from symbptt.cli.options import Names, chunk_option, formats, wrt_option
from symbptt.cli.output import say, say_json
from symbptt.cli.progress import progress
from symbptt.errors import BadInput

if TYPE_CHECKING:
    from symbptt import Model
    from symbptt.compose import Chain
    from symbptt.diagnose import Diagnosis

_FILE_SECONDS, _PACKAGE_SECONDS = 20, 120
_PATH = click.Path(path_type=Path)


def _composed(
    chain: Chain, theirs: Path | None, function: str | None, table: Path | None, values: Path | None, timeout: float | None,
    wrt: Names, layout: str,
) -> int:
    if (theirs is None) == (values is None):
        raise BadInput("diagnose: of models with two directions or phases it takes one of FILE.py and --values FILE.npz")
    _check(theirs is not None, timeout, {"--function": function, "--mapping": table, "--wrt": wrt})
    with progress(f"diagnosing {theirs or values}"):
        if theirs is not None:
            limits = symbptt.diagnose.code.Limits(timeout or _FILE_SECONDS)
            found = symbptt.diagnose.composed.code(chain, theirs, function, table, limits, _asked(chain, wrt))
        elif values is not None:
            found = symbptt.diagnose.composed.file(chain, values)
    return _told(found, layout)


def _check(runs: bool, timeout: float | None, given: Mapping[str, object]) -> None:
    """Raise BadInput for a time that is not a number, and for an option about code where no code `runs`."""
    if timeout != timeout:  # nan lies in every range
        raise BadInput("--timeout: expected seconds between 1 and 600, not nan")
    if not runs and (unused := next((option for option, value in given.items() if value), "")):
        raise BadInput(f"diagnose: {unused} is for a FILE.py or a function of a package")


def _told(found: Diagnosis, layout: str) -> int:
    if layout == "json":
        say_json(found.json())
    else:
        say(str(found))
    return 0 if found.ok else 1


@click.command()
@takes_any_model(_composed)
@click.argument("theirs", type=_PATH, required=False, metavar="[FILE.py]")
@click.option("--function", metavar="NAME",
              help="The function in FILE.py that returns gradients, guessed if left out; or, in place of a file, one of a "
              "package, as package.module:Name: a torch.autograd.Function, or a function of JAX, PyTorch or NumPy.")
@click.option("--path", "paths", metavar="FOLDER", multiple=True,
              help="Where the package of --function is looked for, beside the current folder; may be given several times.")
@click.option("--mapping", "table", type=_PATH, metavar="FILE.toml", help="What the names in FILE.py stand for.")
@click.option("--values", type=_PATH, metavar="FILE.npz",
              help="Numbers in place of code: arrays parameters.W, inputs.x, targets.y, gradients.W, entries.W, ...")
@click.option("--formula", "formulas", metavar="TEXT", multiple=True,
              help="A formula in place of code, as 'dW_hh = sum(t, 1, T, da[t] @ h[t-1].T)', or @FILE with one in each line; "
              "may be given several times.")
@wrt_option("The gradients that are asked for, separated by commas; default all that FILE.py can be expected to return.")
@click.option("--timeout", type=click.FloatRange(1, 600), metavar="SECONDS",
              help=f"Time that the code may take; {_FILE_SECONDS} for a FILE.py, {_PACKAGE_SECONDS} for a function of a package.")
@chunk_option("The code takes so many tokens in one step: causes are told in the equations of the chunk form.")
@formats("text", "json")
def diagnose(
    model: Model, theirs: Path | None, function: str | None, table: Path | None, values: Path | None,
    formulas: tuple[str, ...], paths: tuple[str, ...], timeout: float | None, wrt: Names, chunk: int | None,
    layout: str,
) -> int:
    """Say whether somebody's gradients are right, and what is wrong.

    The code runs behind a guard: a process of its own with limits on time, memory and file size, in a temporary folder, without
    your environment, and with what the operating system offers against changing files, the network and other processes.

    Exit code 0 if every gradient asked for was judged and is right, 1 if not.
    """
    target = function if function and ":" in function else None
    if sum(map(bool, (theirs, values, formulas, target))) != 1:
        raise BadInput("diagnose: give one of FILE.py, --function package.module:Name, --values FILE.npz and --formula TEXT")
    given = {"--function": function, "--mapping": table, "--wrt": wrt, "--path": paths, "--chunk": chunk}
    _check(theirs is not None or target is not None, timeout, given)
    if paths and target is None:
        raise BadInput("diagnose: --path is for --function package.module:Name")
    with progress(f"diagnosing {theirs or target or values or 'the formula'}"):
        if theirs is not None:
            limits = symbptt.diagnose.code.Limits(timeout or _FILE_SECONDS)
            found = symbptt.diagnose.code.file(model, theirs, function, table, limits, _asked(model, wrt), chunk)
        elif target is not None:
            limits = symbptt.diagnose.autodiff.limits(timeout or _PACKAGE_SECONDS)
            found = symbptt.diagnose.autodiff.package(model, target, table, limits, (".", *paths), _asked(model, wrt), chunk)
        elif values is not None:
            found = symbptt.diagnose.values.file(model, values)
        else:
            found = symbptt.diagnose.formulas(model, formulas)
    return _told(found, layout)


def _asked(model: Model | Chain, wrt: Names) -> tuple[str, ...]:
    """The names after --wrt; "all" adds inputs and initial states to the parameters."""
    if wrt == "all":
        return tuple(v.name for v in sorted(model.with_gradient, key=lambda v: v.role != "parameter"))
    return tuple(wrt or ())
