"""Commands that make something from a model: derive, emit, build."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import symbptt
from symbptt.cli.options import (
    Names,
    force_option,
    formats,
    output_option,
    steps_option,
    takes_model,
    writing_options,
    wrt_option,
)
from symbptt.cli.output import note, say, say_json
from symbptt.cli.progress import progress
from symbptt.cli.truncation import truncation_options
from symbptt.errors import BadInput
from symbptt.files import write

if TYPE_CHECKING:
    from symbptt import Model


def _names(model: Model, wrt: Names) -> tuple[str, ...]:
    """The names asked for: all parameters by default; `all` adds inputs and initial states."""
    if wrt is None:
        return tuple(v.name for v in model.parameters)
    if isinstance(wrt, str):
        return tuple(v.name for v in model.variables if v.role in ("parameter", "input", "state") and not v.classes)
    return wrt


@click.command()
@steps_option()
@wrt_option("Variables to differentiate by, separated by commas; default all parameters; 'all' adds inputs and initial states.")
@click.option("--form", type=click.Choice(["sum", "adjoint", "nested"]), default="sum", show_default=True,
              help="Sum of products over (t, k), backward recursion, or nested (forward) recursion.")
@click.option("--paths", is_flag=True, help="List single routes through the graph, term by term, for T up to 4.")
@writing_options
@formats("text", "latex", "json")
@takes_model
def derive(
    model: Model, steps: int, wrt: Names, form: str, paths: bool, layout: str, language: str, notation: str,
    orientation: str | None,
) -> None:
    """Derive the gradient over T steps, in one of its three forms."""
    if paths and form != "sum":
        raise BadInput(f"derive: --paths takes the terms of --form sum apart, not those of --form {form}")
    voice = symbptt.narrative.voice.speaking(language, notation, orientation)
    if model.loss is None:
        note(f"{model.name} has no loss: derived for cotangents of its outputs, as with --loss cotangents")
    model = symbptt.model.read.differentiable(model)
    graph = symbptt.unroll.steps(model, steps)
    names = _names(model, wrt)
    results: list[Any]
    with progress(f"deriving {model.name} over {steps} steps"):
        if paths:
            results = [*(symbptt.derive.single_routes(graph, wrt=name) for name in names)]
        elif form == "adjoint":
            system = symbptt.derive.adjoints(graph)
            asked = {symbptt.derive.adjoint.wanted(model, name).name for name in names}
            results = [replace(system, gradients=tuple(g for g in system.gradients if g.variable.name in asked))]
        elif form == "nested":
            results = [*(symbptt.derive.sensitivities(graph, wrt=name) for name in names)]
        else:
            results = [*(symbptt.derive.gradient(graph, wrt=name) for name in names)]
            results = [model, *results] if layout != "json" else results
        if layout == "json":
            made = [symbptt.narrative.json(result, voice) for result in results]
        else:
            write = symbptt.narrative.latex if layout == "latex" else symbptt.narrative.text
            texts = [text for text in (write(result, voice) for result in results) if text.strip()]
    if layout != "json":
        say("\n\n".join(text.strip("\n") for text in texts))
    elif len(made) == 1:
        say_json(made[0])
    else:
        say_json({"schema": 1, "model": model.name, "T": steps, "form": form, "results": made})


@click.command()
@steps_option(default=None, about="Number of time steps of straight-line code (--unroll), or where no array tells it.")
@click.option("--unroll", is_flag=True, help="Write straight-line code for the T of -T in place of loops.")
@wrt_option("Gradients to return, separated by commas; default all parameters; 'all' adds inputs and initial states.")
@click.option("--backend", default="numpy", show_default=True, metavar="NAME", help="Array library of the code.")
@click.option("--mode", type=click.Choice(["reverse", "forward"]), default="reverse", show_default=True,
              help="Backward recursion, or the nested form forward in time, with a jvp.")
@truncation_options
@click.option("--style", type=click.Choice(["fast", "plain"]), help="Optimised loops, or those of a textbook; default fast.")
@click.option("--without", multiple=True, metavar="PASS", help="Leave out a pass of the fast style; may be repeated.")
@click.option("--clipping", is_flag=True, help="Add functions that clip and normalise gradients.")
@click.option("--checkpoint", is_flag=True,
              help="Add value_and_grad_in_segments, which recomputes long sequences instead of storing every step.")
@output_option
@force_option
@takes_model
def emit(
    model: Model, steps: int | None, unroll: bool, wrt: Names, backend: str, mode: str, truncation: tuple[int, int] | None,
    style: str | None, without: tuple[str, ...], clipping: bool, checkpoint: bool, output: Path | None, force: bool,
) -> None:
    """Write a module with forward, backward and value_and_grad."""
    if unroll and steps is None:
        raise BadInput("emit: --unroll needs -T, the number of steps")
    if steps is not None and not unroll and symbptt.emit.loops(model):
        raise BadInput("emit: -T needs --unroll; without it the code has loops and runs for any T")
    with progress(f"emitting {model.name}"):
        source = symbptt.emit.source(
            model, backend=backend, T=steps, unroll=unroll, wrt=wrt, mode=mode, truncation=truncation,
            style=style, without=without, clipping=clipping, checkpoint=checkpoint,
        )
    if output is None:
        say(source.text)
    else:
        say(str(write(output, source.text, force=force)))


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file is not what the sources make of it.")
def build(check: bool) -> None:
    """Rebuild the gallery in generated/ (in a checkout)."""
    with progress("checking the gallery" if check else "building the gallery"):
        changed = symbptt.gallery.build(check=check)
    say("\n".join(str(path) for path in changed) if changed else "generated/ is up to date")
