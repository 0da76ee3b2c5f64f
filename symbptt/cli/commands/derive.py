"""symbptt derive: the gradient in one of its three forms."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

import symbptt
from symbptt.cli.composed import takes_any_model
from symbptt.cli.options import Names, chunk_option, formats, steps_option, writing_options, wrt_option
from symbptt.cli.output import note, say, say_json
from symbptt.cli.progress import progress
from symbptt.cli.truncation import truncation_options
from symbptt.errors import BadInput

if TYPE_CHECKING:
    from symbptt import Model
    from symbptt.compose import Chain


def _composed(
    chain: Chain, steps: int, wrt: Names, form: str, layout: str, language: str, notation: str, orientation: str | None,
    truncation: tuple[int, int] | None,
) -> None:
    _check(form, truncation)
    presentation = symbptt.narrative.presentation.presentation_in(language, notation, orientation)
    with progress(f"deriving {chain.name} over {steps} steps"):
        found = symbptt.compose.derivation(chain, steps, form, wrt, presentation, truncation)
        if layout == "json":
            data = found.json()
        else:
            text = found.latex() if layout == "latex" else found.text()
    if layout == "json":
        say_json(data)
    else:
        say(text)


def _check(form: str, truncation: tuple[int, int] | None, other: bool = False) -> None:
    if truncation is not None and (form != "sum" or other):
        raise BadInput("derive: a truncation keeps terms of --form sum; it goes with no other form, --paths or --chunk")


@click.command()
@steps_option()
@wrt_option("Variables to differentiate by, separated by commas; default all parameters; 'all' adds inputs and initial states.")
@click.option("--form", type=click.Choice(["sum", "adjoint", "nested"]), default="sum", show_default=True,
              help="Sum of products over (t, k), backward recursion, or nested (forward) recursion.")
@click.option("--paths", is_flag=True, help="List single routes through the graph, term by term, for T up to 4.")
@truncation_options
@chunk_option("Derive the chunk form of an affine recurrence, T chunks of C tokens.")
@writing_options
@formats("text", "latex", "json")
@takes_any_model(_composed)
def derive(
    model: Model, steps: int, wrt: Names, form: str, paths: bool, layout: str, language: str, notation: str,
    orientation: str | None, chunk: int | None, truncation: tuple[int, int] | None,
) -> None:
    """Derive the gradient over T steps, in one of its three forms."""
    _check(form, truncation, paths or chunk is not None)
    if paths and form != "sum":
        raise BadInput(f"derive: --paths takes the terms of --form sum apart, not those of --form {form}")
    presentation = symbptt.narrative.presentation.presentation_in(language, notation, orientation)
    if chunk is not None:
        model = symbptt.chunk.chunked(model).differentiable
    if model.loss is None:
        note(f"{model.name} has no loss: derived for cotangents of its outputs, as with --loss cotangents")
    model = symbptt.model.read.differentiable(model)
    presentation = presentation.about(model)
    graph = replace(symbptt.unroll.steps(model, steps), truncation=truncation)
    names = [v.name for v in symbptt.data.wrt.asked(model, wrt)]
    results: list[Any]
    with progress(f"deriving {model.name} over {steps} steps"):
        if paths:
            results = [*(symbptt.derive.single_routes(graph, wrt=name) for name in names)]
        elif form == "adjoint":
            system = symbptt.derive.adjoints(graph)
            results = [replace(system, gradients=tuple(g for g in system.gradients if g.variable.name in names))]
        elif form == "nested":
            results = [*(symbptt.derive.sensitivities(graph, wrt=name) for name in names)]
        else:
            results = [*(symbptt.derive.gradient(graph, wrt=name) for name in names)]
            results = [model, *results] if layout != "json" else results
        if layout == "json":
            made = [symbptt.narrative.json(result, presentation) for result in results]
        else:
            write = symbptt.narrative.latex if layout == "latex" else symbptt.narrative.text
            texts = [text for text in (write(result, presentation) for result in results) if text.strip()]
    if layout != "json":
        say("\n\n".join(text.strip("\n") for text in texts))
    elif len(made) == 1:
        say_json(made[0])
    else:
        say_json({"schema": 1, "model": model.name, "T": steps, "form": form, "results": made})
