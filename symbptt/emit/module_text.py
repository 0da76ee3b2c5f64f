"""The text of a module: its template, filled, with the helper functions that it calls."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from symbptt import resources
from symbptt.emit import syntax
from symbptt.template import template

FOLDER = "helpers"
"""The folder of a backend's templates with one file per helper function."""


def rendered(name: str, backend: str, values: Mapping[str, Any]) -> str:
    """A template filled with `values` and with the helpers of a backend that the module then calls, and those that they call."""
    layout = template(name)
    return layout.render(values, helpers=_called(layout.render(values, helpers=()), backend, values))


def _called(text: str, backend: str, values: Mapping[str, Any]) -> list[str]:
    folder = f"{backend}/{FOLDER}"
    files = {path.name.partition(".")[0]: path.name for path in resources.templates().joinpath(backend, FOLDER).iterdir()}
    found, waiting = set[str](), [text]
    while waiting:
        new = files.keys() & syntax.names(ast.parse(waiting.pop()), store=False) - found
        found |= new
        waiting += [template(f"{folder}/{files[name]}").render(values) for name in new]
    return sorted(found)
