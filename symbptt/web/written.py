"""The text in the page's editor: a model file, or bare equations for which one is written; and where in it an error stands."""

import re

from symbptt.compose import Chain, Subject, subject
from symbptt.errors import BadInput, SymbpttError
from symbptt.model.place import Place
from symbptt.model.read import load
from symbptt.model.sketch import sketched
from symbptt.model.values import Model
from symbptt.web import fields

_SECTION = re.compile(r"^[ \t]*\[", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
_HEADER = re.compile(r"\[\s*([\w.-]+)\s*\]")
FILE, PASTED = "model", "pasted"
"""What messages call the text, and pasted code or formulas."""
SUBSTITUTE = "squared_error"
"""The loss of a model that has none, where one is needed."""


def bare(text: str) -> bool:
    """Whether a text is equations alone: it has no section of a model file."""
    return not _SECTION.search(text)


def file_of(text: str) -> str:
    """The model file of a text, which is written for bare equations. Raises BadInput."""
    return sketched(text, FILE) if bare(text) else text


def model(request: fields.Request) -> Subject:
    """The model of a request, by its text and its name. Raises BadInput."""
    name = fields.text(request, "name")
    text = fields.text(request, "model")
    return subject(file_of(text), FILE, name if _NAME.fullmatch(name) else FILE)


def with_loss(model: Subject, what: str) -> tuple[Model, tuple[str, ...]]:
    """A model with a loss: its own, or a substitute and the note that says so.

    Raises BadInput for a model of several recurrences, which `what` is not for.
    """
    if isinstance(model, Chain):
        raise BadInput(f"{what} is not for models with two directions or phases yet")
    if model.loss is not None:
        return model, ()
    return load(model, loss=SUBSTITUTE), (f"The model has no loss; this is for {SUBSTITUTE}.",)


def told(error: SymbpttError, text: str) -> dict[str, object]:
    """An error for the page: its message and, where it stands in the text or in what was `pasted`, line and column (1-based)."""
    message = str(error)
    place = getattr(error, "place", None)
    if isinstance(place, Place) and place.file == PASTED:
        plain = message.removeprefix(f"{place}: ")
        return {"message": plain, "line": place.line, "column": place.column or 1, "pasted": True}
    if not isinstance(place, Place) or place.file != FILE:
        return {"message": message}
    line, column = (place.line, place.column or 1) if place.line else position(text, place)
    return {"message": message.removeprefix(f"{FILE}: "), **({"line": line, "column": column} if line else {})}


def position(text: str, place: Place) -> tuple[int, int]:
    """Line and column of a place in a text; (0, 0) where it has none."""
    inside = "" if not bare(text) else place.section
    header = 0
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not bare(text) and (found := _HEADER.match(stripped)):
            inside = found[1]
            header = number if inside == place.section else header
            continue
        key = re.match(r"\s*([\w.-]+|\"[^\"]*\")\s*=\s*", line)
        if key and inside == place.section and _is(key[1].strip('"'), place):
            quote = line[key.end() : key.end() + 1] in ("'", '"')
            return number, (key.end() + quote + place.column if place.column else key.start(1) + 1)
    return (header, 1) if header else (0, 0)


def _is(key: str, place: Place) -> bool:
    """Whether a key is that of a place; bare equations call the loss of a step `loss`, and may write h[t] on the left."""
    return key == place.key or (place.section == "loss" and place.key == "step" and key in ("loss", "L"))
