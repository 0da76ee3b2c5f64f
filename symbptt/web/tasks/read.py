"""Somebody's step function, read into a model file."""

from typing import Any

from symbptt.model.code import read_code
from symbptt.web import fields

PASTED = "pasted.py"


def read(request: fields.Request) -> dict[str, Any]:
    """The model `file` of the step function in `code`."""
    return {"file": read_code(fields.text(request, "code"), PASTED)}
