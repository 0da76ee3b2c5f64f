"""The options that truncate backpropagation through time."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from symbptt.errors import BadInput

TRUNCATION, FLAGS = "truncation", ("window", "k1", "k2")
"""What a command is given, and what it is read from."""


def truncation_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --window and --k1 with --k2, read into `truncation`: (k1, k2), or None."""

    @click.option("--window", type=int, metavar="K", help="Truncate: keep the terms with t - k < K.")
    @click.option("--k1", type=int, metavar="STEPS", help="Truncate: every k1 steps ...")
    @click.option("--k2", type=int, metavar="STEPS", help="... go back over at most k2 steps.")
    @wraps(command)
    def reads(window: int | None, k1: int | None, k2: int | None, **options: Any) -> Any:
        return command(truncation=_read(window, k1, k2), **options)

    return reads


def _read(window: int | None, k1: int | None, k2: int | None) -> tuple[int, int] | None:
    if window is not None and (k1 is not None or k2 is not None):
        raise BadInput("--window K is --k1 1 --k2 K; give one or the other")
    if (k1 is None) != (k2 is None):
        raise BadInput("--k1 and --k2 go together")
    given = (1, window) if window is not None else None if k1 is None or k2 is None else (k1, k2)
    if given is not None and min(given) < 1:
        raise BadInput(f"a truncation needs at least one step, not {min(given)}")
    return given
