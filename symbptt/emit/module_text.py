"""The text of a module: its template, filled, with the helper functions that it calls."""

import ast
from collections.abc import Mapping
from typing import Any

from symbptt import resources
from symbptt.emit import syntax
from symbptt.emit.frameworks.libraries import LIBRARIES
from symbptt.emit.tree import NUMPY
from symbptt.template import template

COMMON = "python"
"""The folder of templates of what all backends share."""
WORDS = {"numpy": NUMPY, **{name: library.words for name, library in LIBRARIES.items()}}
"""What calls are called, by backend."""


def rendered(name: str, backend: str, values: Mapping[str, Any]) -> str:
    """A template filled with `values` and with the helpers of a backend that the module then calls, and those that they call."""
    layout, known = template(name), {**values, "backend": backend, "library": WORDS[backend].library}
    return layout.render(known, helpers=_called(layout.render(known, helpers=()), backend, known))


def helpers(backend: str) -> dict[str, str]:
    """The template of each helper function that a module of a backend may call."""
    folders = [f"{folder}/helpers" for folder in (COMMON, backend)]
    return {path.name.partition(".")[0]: f"{folder}/{path.name}"
            for folder in folders for path in resources.templates().joinpath(*folder.split("/")).iterdir()}


def _called(text: str, backend: str, values: Mapping[str, Any]) -> list[str]:
    files = helpers(backend)
    found, waiting = set[str](), [text]
    while waiting:
        new = files.keys() & syntax.names(ast.parse(waiting.pop()), store=False) - found
        found |= new
        waiting += [template(files[name]).render(values) for name in new]
    return [files[name] for name in sorted(found)]
