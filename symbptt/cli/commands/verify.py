"""symbptt verify: gradients compared with independent routes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import symbptt
from symbptt.cli.composed import read_any
from symbptt.cli.options import chunk_option, dims_option, formats, read, source_options, steps_option
from symbptt.cli.output import say, say_json
from symbptt.cli.progress import progress
from symbptt.cli.truncation import truncation_options
from symbptt.errors import BadInput, Disagreement

if TYPE_CHECKING:
    from symbptt.verify import Report


@click.command()
@source_options
@steps_option(default=None)
@dims_option
@click.option("-N", "--batch", type=int, metavar="SAMPLES", help="Number of samples in the batch.")
@click.option("--seed", type=int, metavar="NUMBER", help="Seed of the random values.")
@click.option("--exact", is_flag=True, help="Prove the derivation of a MODEL, at small sizes, by scalar SymPy differentiation.")
@chunk_option("Compare the chunk form of a MODEL, in chunks of so many tokens, with its step form.")
@truncation_options
@formats("text", "json")
def verify(
    source: str, steps: int | None, dims: dict[str, int] | None, batch: int | None, seed: int | None, exact: bool, layout: str,
    chunk: int | None, truncation: tuple[int, int] | None, **changes: Any,
) -> None:
    """Verify the gradients of a MODEL or an emitted FILE, .py or .c.

    They are compared with routes that share no code with them; exit code 1 if any differs. With --exact the derivation itself is
    proved for small sizes, in exact arithmetic.
    """
    given = {"T": steps, "dims": dims, "N": batch, "seed": seed}
    options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if truncation is not None:
        if exact or chunk is not None or source.endswith((".py", ".c")):
            raise BadInput("verify: a truncation is for a MODEL, and goes without --exact and --chunk; a file knows its own")
        with progress(f"verifying {source}"):
            made = symbptt.compose.truncated(read_any(source, changes), truncation)
            report = symbptt.compose.gradients(made, **options)
        _say(source, report, layout)
        return
    emitted = source.endswith((".py", ".c"))
    _check_exact(source, options, exact)
    if chunk is not None and (exact or emitted):
        raise BadInput("--chunk is for a MODEL, and goes without --exact")
    if symbptt.compose.is_composed(source) or symbptt.compose.is_emitted(source):
        report = _composed(source, options, changes, exact, chunk)
    elif emitted:
        if any(value is not None for value in changes.values()):
            raise BadInput(f"{source}: --loss, --activation and the like are for models; a file brings its own")
        with progress(f"verifying {source}"):
            report = symbptt.verify.file(Path(source), **options)
    else:
        model = read(source, changes)
        with progress(f"verifying {model.name}"):
            if chunk is not None:
                report = symbptt.verify.in_chunks(model, chunk, **options)
            else:
                report = (symbptt.verify.prove if exact else symbptt.verify.gradients)(model, **options)
    _say(source, report, layout)


def _check_exact(source: str, options: dict[str, Any], exact: bool) -> None:
    if exact and (source.endswith((".py", ".c")) or options.keys() - {"seed"}):
        raise BadInput("--exact is for a MODEL, and chooses its own sizes; only --seed goes with it")


def _composed(source: str, options: dict[str, Any], changes: dict[str, Any], exact: bool, chunk: int | None) -> Report:
    with progress(f"verifying {source}"):
        if symbptt.compose.is_composed(source):
            chain = symbptt.compose.load(source, **changes)
            if chunk is not None:
                return symbptt.compose.in_chunks(chain, chunk, **options)
            return (symbptt.compose.prove if exact else symbptt.compose.gradients)(chain, **options)
        if any(value is not None for value in changes.values()):
            raise BadInput(f"{source}: --loss, --activation and the like are for models; a file brings its own")
        return symbptt.compose.file(Path(source), **options)


def _say(source: str, report: Report, layout: str) -> None:
    if layout == "json":
        say_json(report.json())
    else:
        say(report.table())
    if not report.ok:
        raise Disagreement(f"{source}: {len(report.disagreements)} of {len(report.checks)} checks disagree")
