"""symbptt list, show and unroll: what a model is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

import symbptt
from symbptt.cli.options import chunk_option, formats, steps_option, takes_model
from symbptt.cli.output import say, say_json
from symbptt.cli.progress import progress
from symbptt.errors import BadInput
from symbptt.terminal import columns

if TYPE_CHECKING:
    from symbptt.model.values import Equation, Model, Variable
    from symbptt.unroll.graph import Assignment

_SECTIONS = ("input", "state", "parameter", "buffer", "target")


@click.command("list")
def list_models() -> None:
    """List the built-in models."""
    say("\n".join(columns([(name, symbptt.load(name).title) for name in symbptt.names()], indent="")))


def _variable(variable: Variable) -> tuple[str, ...]:
    about = dict(variable.description)
    size = " ".join(variable.shape) or "scalar"
    kind = variable.role.section.removesuffix("s") if variable.tied else str(variable.role)
    return (kind, variable.name, size, about.get("en", next(iter(about.values()), "")))


def _equations(model: Model, equations: tuple[Equation, ...]) -> list[str]:
    shown = [e for e in equations if e.target.definition is None]
    text = symbptt.typeset.text
    return columns([(f"({e.number})", f"{text(e.target.at(), model)} = {text(e.value, model)}") for e in shown])


@click.command()
@chunk_option("Show the chunk form of an affine recurrence, whose step takes C tokens.")
@formats("text", "toml")
@takes_model
def show(model: Model, layout: str, chunk: int | None) -> None:
    """Show a model: its variables and equations, or its file."""
    if chunk is not None and layout == "toml":
        raise BadInput("show: --chunk makes a model that has no file; leave out --format toml")
    if chunk is not None:
        model = symbptt.chunk.chunked(model).model
    if layout == "toml":
        say(model.text)
        return
    parts = [f"{model.name}: {model.title}", model.reference]
    variables = [v for section in _SECTIONS for v in model.variables if v.role == section]
    parts += ["", *columns(map(_variable, variables)), "", "equations of one step", *_equations(model, model.equations)]
    if model.loss:
        where = "last step" if model.loss.at == "last" else "every step"
        parts += ["", f"loss at {where}: {model.loss.name}", *_equations(model, model.loss.equations)]
    say("\n".join(part for i, part in enumerate(parts) if part or i > 1))


def _assignment(assignment: Assignment, model: Model, printer: Any) -> dict[str, Any]:
    return {
        "variable": assignment.variable.name, "step": assignment.step, "equation": assignment.equation.number,
        "target": printer(assignment.target, model), "value": printer(assignment.value, model),
    }


@click.command()
@steps_option()
@formats("text", "latex", "json")
@takes_model
def unroll(model: Model, steps: int, layout: str) -> None:
    """Lay a model out over T steps, one assignment per line."""
    graph = symbptt.unroll.steps(model, steps)
    printer = symbptt.typeset.latex if layout == "latex" else symbptt.typeset.text
    with progress(f"unrolling {model.name} over {steps} steps"):
        rows = [_assignment(a, model, printer) for a in graph if a.variable.definition is None]
    if layout == "json":
        say_json({"schema": 1, "model": model.name, "T": steps, "assignments": rows})
        return
    say("\n".join(f"{row['target']} = {row['value']}" + (r" \\" if layout == "latex" else "") for row in rows))
