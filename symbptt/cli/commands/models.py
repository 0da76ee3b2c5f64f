"""symbptt list, show and unroll: what a model is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

import symbptt
from symbptt.cli.composed import takes_any_model
from symbptt.cli.options import chunk_option, formats, steps_option
from symbptt.cli.output import say, say_json
from symbptt.cli.progress import progress
from symbptt.errors import BadInput
from symbptt.terminal import columns

if TYPE_CHECKING:
    from symbptt.compose import Chain
    from symbptt.model.values import Equation, Model, Variable
    from symbptt.unroll.graph import Assignment

_SECTIONS = ("input", "state", "parameter", "buffer", "target")


@click.command("list")
def list_models() -> None:
    """List the built-in models."""
    plain = [(name, symbptt.load(name).title) for name in symbptt.names()]
    composed = [(name, symbptt.compose.load(name).title) for name in symbptt.compose.names()]
    say("\n".join(columns(sorted(plain + composed), indent="")))


def _variable(variable: Variable) -> tuple[str, ...]:
    size = " ".join(variable.shape) or "scalar"
    kind = variable.role.section.removesuffix("s") if variable.tied else str(variable.role)
    return (kind, variable.name, size, symbptt.words.spoken(variable.description, symbptt.words.FALLBACK))


def _equations(model: Model, equations: tuple[Equation, ...]) -> list[str]:
    shown = [e for e in equations if e.target.definition is None]
    text = symbptt.typeset.text
    return columns([(f"({e.number})", f"{text(e.target.at(), model)} = {text(e.value, model)}") for e in shown])


def _show_composed(chain: Chain, layout: str, chunk: int | None) -> None:
    _check_chunk(chunk, layout)
    chain = symbptt.compose.chunked(chain) if chunk is not None else chain
    say(chain.text if layout == "toml" else symbptt.compose.summary(chain))


def _check_chunk(chunk: int | None, layout: str) -> None:
    if chunk is not None and layout == "toml":
        raise BadInput("show: --chunk makes a model that has no file; leave out --format toml")


@click.command()
@chunk_option("Show the chunk form of an affine recurrence, whose step takes C tokens.")
@formats("text", "toml")
@takes_any_model(_show_composed)
def show(model: Model, layout: str, chunk: int | None) -> None:
    """Show a model: its variables and equations, or its file."""
    _check_chunk(chunk, layout)
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


def _unroll_composed(chain: Chain, steps: int, layout: str) -> None:
    printer = symbptt.typeset.latex if layout == "latex" else symbptt.typeset.text
    rows = []
    for row in symbptt.compose.unrolled(chain, steps):
        target, value = (printer(side, row.pop("model") if last else row["model"]) for last, side in enumerate(row.pop("sides")))
        rows.append(row | {"target": target, "value": value})
    _say_rows({"schema": 1, "model": chain.name, "T": steps, "assignments": rows}, layout)


def _say_rows(data: dict[str, Any], layout: str) -> None:
    if layout == "json":
        say_json(data)
        return
    end = r" \\" if layout == "latex" else ""
    say("\n".join(f"{row['target']} = {row['value']}{end}" for row in data["assignments"]))


@click.command()
@steps_option()
@formats("text", "latex", "json")
@takes_any_model(_unroll_composed)
def unroll(model: Model, steps: int, layout: str) -> None:
    """Lay a model out over T steps, one assignment per line."""
    graph = symbptt.unroll.steps(model, steps)
    printer = symbptt.typeset.latex if layout == "latex" else symbptt.typeset.text
    with progress(f"unrolling {model.name} over {steps} steps"):
        rows = [_assignment(a, model, printer) for a in graph if a.variable.definition is None]
    _say_rows({"schema": 1, "model": model.name, "T": steps, "assignments": rows}, layout)
