"""What analyze writes, by format: text and data at once, pictures and pages from the parts that make them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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


def of_analysis(found: Analysis, layout: str, picture: str | None, table: str | None) -> str | bytes:
    """An analysis as text, json, csv (one table of it), png or svg."""
    if table is not None:
        if layout != "csv":
            raise BadInput(f"--table {table}: takes --format csv")
        rows: str = symbptt.analyze.as_csv(found, table)
        return rows
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


UNUSED = {
    "values": "--values", "scale": "--scale", "per_sample": "--per-sample", "products": "--products",
    "truncation": "--window, --k1", "keep": "--randomise", "both_modes": "--modes", "picture": "--picture", "table": "--table",
}
"""Options of analyze that a page has no use for."""


def page(model: Model, options: Mapping[str, Any], init: Mapping[str, str] | str | None, fill: Mapping[str, float]) -> str:
    """The interactive page of a model; T is the largest of three lengths."""
    for name, flag in UNUSED.items():
        if options[name]:
            raise BadInput(f"{flag}: a page draws its own values and has sliders for their scale and for the window")
    choice = symbptt.analyze.Choice()
    if options["steps"] is not None:
        T = options["steps"]
        choice = replace(choice, steps=tuple(sorted({max(T // 4, min(T, 1)), max(T // 2, min(T, 1)), T})))
    wrt = options["wrt"]
    if wrt is not None:
        choice = replace(choice, names=tuple(v.name for v in symbptt.data.wrt.asked(model, wrt)))
    return symbptt.analyze.page_of(
        model, options["dims"], options["batch"], options["seed"] or 0, choice, init=init, fill=fill, norm=options["norm"]
    )
