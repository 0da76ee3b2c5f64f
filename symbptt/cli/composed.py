"""Commands on composed models: which of them take one, and with which of their options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any

import click

import symbptt
from symbptt.cli.options import CHANGES, read, source_options, taking
from symbptt.cli.progress import progress
from symbptt.cli.truncation import FLAGS, TRUNCATION
from symbptt.errors import BadInput

if TYPE_CHECKING:
    from symbptt import Model
    from symbptt.compose import Chain


def chosen(handler: Callable[..., Any], options: dict[str, Any]) -> dict[str, Any]:
    """The options that a handler takes; raises BadInput for another one that was given."""
    context = click.get_current_context()
    known = signature(handler).parameters
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "") is click.core.ParameterSource.COMMANDLINE
        taken = TRUNCATION if parameter.name in FLAGS else parameter.name
        if given and taken not in (*known, *CHANGES, "source", "sources"):
            name = max(parameter.opts, key=len)
            raise BadInput(f"{context.command.name}: {name} is not for models with two directions or phases yet")
    return {name: value for name, value in options.items() if name in known}


def read_chain(source: str, changes: Mapping[str, Any]) -> Chain:
    """A composed model; errors as of `symbptt.load`."""
    with progress(f"reading {source}"):
        return symbptt.compose.load(source, **changes)


def read_any(source: str, changes: Mapping[str, Any]) -> Model | Chain:
    """A model, or a composed one; errors as of `symbptt.load`."""
    return read_chain(source, changes) if symbptt.compose.is_composed(source) else read(source, changes)


takes_every_model = taking(read_any)
"""A command on a model of either kind."""


def takes_any_model(handler: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A command as of `takes_model`; a composed model goes to `handler(chain, ...)` with those options that it names."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @source_options
        @wraps(command)
        def reads(source: str, **options: Any) -> Any:
            changes = {name: options.pop(name) for name in CHANGES}
            if not symbptt.compose.is_composed(source):
                return command(model=read(source, changes), **options)
            given = chosen(handler, options)
            return handler(chain=read_chain(source, changes), **given)

        return reads

    return decorate
