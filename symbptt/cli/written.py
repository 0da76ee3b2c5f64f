"""What analyze writes, by format: text and data at once, pictures and pages from the parts that make them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

import symbptt
from symbptt.errors import BadInput

if TYPE_CHECKING:
    from symbptt import Model
    from symbptt.analyze import Analysis, Result

PICTURES = ("png", "svg")


def pictures() -> ModuleType:
    """The pictures, which need matplotlib; raises BadInput without it."""
    try:
        return import_module("symbptt.analyze.pictures")
    except ModuleNotFoundError as error:
        if str(error.name).startswith("symbptt"):
            raise
        raise BadInput("pictures need matplotlib: pip install 'symbptt[plot]'") from None


def of_analysis(found: Analysis, layout: str, picture: str | None) -> str | bytes:
    """An analysis as text, json, csv, png or svg."""
    if layout in PICTURES:
        drawn = pictures()
        made: bytes = drawn.picture(drawn.of_analysis(found, picture or "overview"), layout)
        return made
    if picture is not None:
        raise BadInput(f"--picture {picture}: takes --format png or svg")
    text: str = getattr(symbptt.analyze, f"as_{layout}")(found)
    return text


def of_result(found: Result, layout: str) -> str | bytes:
    """An experiment or a comparison as text, json, csv, png or svg."""
    if layout == "html":
        raise BadInput(f"{found.name}: the page is for one MODEL")
    if layout in PICTURES:
        drawn = pictures()
        made: bytes = drawn.picture(drawn.of_result(found), layout)
        return made
    return symbptt.analyze.written(found, layout)


def page(model: Model, options: Mapping[str, Any]) -> str:
    """The interactive page of a model; T is the largest of three lengths."""
    unused = [flag for flag, value in (("--values", options["values"]), ("--init", options["init"]), ("--set", options["fill"]),
                                       ("--scale", options["scale"]), ("--wrt", options["wrt"])) if value]
    if unused:
        raise BadInput(f"{unused[0]}: the page draws its own values, with a slider for their scale")
    choice = symbptt.analyze.Choice()
    if options["steps"] is not None:
        T = options["steps"]
        choice = symbptt.analyze.Choice(steps=tuple(sorted({max(T // 4, min(T, 1)), max(T // 2, min(T, 1)), T})))
    return symbptt.analyze.page_of(model, options["dims"], options["batch"], options["seed"] or 0, choice)
