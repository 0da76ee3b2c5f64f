"""Printing on standard output."""

import json
from collections.abc import Mapping
from typing import Any

import click


def say(text: str) -> None:
    """Print a text as it is, closed by one line end."""
    click.echo(text.removesuffix("\n"))


def quiet() -> bool:
    """Whether only results and errors are wanted (--quiet)."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.find_root().params.get("quiet"))


def note(text: str) -> None:
    """Say something beside the result, on standard error, unless it shall be quiet."""
    if not quiet():
        click.echo(f"symbptt: note: {text}", err=True)


def say_json(data: Mapping[str, Any]) -> None:
    """Print a JSON object."""
    say(json.dumps(data, indent=2, ensure_ascii=False))
