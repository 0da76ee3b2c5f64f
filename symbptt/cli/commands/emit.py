"""symbptt emit: a module with the derived backward pass."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

import symbptt
from symbptt.cli.composed import takes_any_model
from symbptt.cli.options import (
    Names,
    backend_option,
    chunk_option,
    force_option,
    output_option,
    static_option,
    steps_option,
    wrt_option,
)
from symbptt.cli.output import note, say
from symbptt.cli.progress import progress
from symbptt.cli.truncation import truncation_options
from symbptt.errors import BadInput

if TYPE_CHECKING:
    from symbptt import Model
    from symbptt.compose import Chain
    from symbptt.emit import SourceFile


def _composed(
    chain: Chain, wrt: Names, backend: str, style: str | None, python: bool, output: Path | None, force: bool,
    static: dict[str, int] | None, truncation: tuple[int, int] | None, checkpoint: bool, chunk: int | None,
) -> None:
    stem = _stem(backend, python, output)
    if chunk is not None and (backend in symbptt.emit.TARGETS or any((truncation, style, checkpoint, python, static))):
        what = "of models with two directions or phases --chunk is for NumPy, JAX and PyTorch"
        raise BadInput(f"emit: {what}, and goes with --backend and --wrt only")
    with progress(f"emitting {chain.name}"):
        source = symbptt.compose.source(chain, backend, wrt, style, python, stem, static, truncation, checkpoint, chunk)
    _written(source, output, force)


def _stem(backend: str, python: bool, output: Path | None) -> str | None:
    """What files are called that know each other; raises BadInput for a name that does not do."""
    if python and output is None:
        raise BadInput("emit: --python writes a file beside the others; give the first a name, as in -o elman.c")
    target = symbptt.emit.TARGETS.get(backend)
    if target and output is not None and output.suffix != target.suffix:
        raise BadInput(f"emit: {output} must end in {target.suffix}; what lies beside it gets the same name")
    return output.stem if output and target else None


def _written(source: SourceFile, output: Path | None, force: bool) -> None:
    if output is None:
        say(source.text)
        for name, _ in source.others:
            note(f"{source.path} includes {name}, which -o {source.path} writes beside it")
    else:
        say(str(source.write(output, force=force)))


@click.command()
@steps_option(default=None, about="Number of time steps of straight-line code (--unroll), or where no array tells it.")
@click.option("--unroll", is_flag=True, help="Write straight-line code for the T of -T in place of loops.")
@wrt_option("Gradients to return, separated by commas; default all parameters; 'all' adds inputs and initial states.")
@backend_option
@click.option("--mode", type=click.Choice(["reverse", "forward"]), default="reverse", show_default=True,
              help="Backward recursion, or the nested form forward in time, with a jvp.")
@truncation_options
@click.option("--style", type=click.Choice(["fast", "plain"]), help="Optimised loops, or those of a textbook; default fast.")
@click.option("--without", multiple=True, metavar="PASS", help="Leave out a pass of the fast style; may be repeated.")
@click.option("--clipping", is_flag=True, help="Add functions that clip and normalise gradients.")
@click.option("--checkpoint", is_flag=True,
              help="Add value_and_grad_in_segments, which recomputes long sequences instead of storing every step.")
@chunk_option("Run an affine recurrence in chunks of so many tokens, as products of matrices.")
@click.option("--python", is_flag=True, help="With C, add a module that compiles the file and calls it.")
@static_option
@output_option
@force_option
@takes_any_model(_composed)
def emit(
    model: Model, steps: int | None, unroll: bool, wrt: Names, backend: str, mode: str, truncation: tuple[int, int] | None,
    style: str | None, without: tuple[str, ...], clipping: bool, checkpoint: bool, python: bool, output: Path | None,
    force: bool, chunk: int | None, static: dict[str, int] | None,
) -> None:
    """Write a module with forward, backward and value_and_grad."""
    if unroll and steps is None:
        raise BadInput("emit: --unroll needs -T, the number of steps")
    if steps is not None and not unroll and symbptt.emit.loops(model):
        raise BadInput("emit: -T needs --unroll; without it the code has loops and runs for any T")
    stem = _stem(backend, python, output)
    if chunk is not None and any((steps, unroll, mode == "forward", truncation, style, without, clipping, checkpoint, static)):
        raise BadInput("emit: --chunk goes with --backend, --wrt and --python only")
    with progress(f"emitting {model.name}"):
        source = symbptt.emit.source(
            model, backend=backend, T=steps, unroll=unroll, wrt=wrt, mode=mode, truncation=truncation,
            style=style, without=without, clipping=clipping, checkpoint=checkpoint, python=python,
            stem=stem, static=static,
        ) if chunk is None else symbptt.emit.chunk_source(model, chunk, wrt, backend, python, stem)
    _written(source, output, force)
