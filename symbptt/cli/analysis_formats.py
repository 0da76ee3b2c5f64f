"""What analyze writes, by format: text and data at once, pictures and pages from the parts that make them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

import symbptt
from symbptt.errors import BadInput, UnknownName

if TYPE_CHECKING:
    from symbptt import Model
    from symbptt.analyze import Analysis, Result
    from symbptt.compose.analysis import Flow

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
    return _written(symbptt.analyze, found, layout, lambda name: pictures().of_analysis(found, name), picture, table)


def of_flow(found: Flow, layout: str, picture: str | None, table: str | None) -> str | bytes:
    """The same of a composed model."""
    stage = symbptt.compose.report

    def drawn(name: str) -> Any:
        if name not in stage.CHARTS:
            raise UnknownName("picture of a composed model", name, stage.CHARTS)
        return pictures().of_charts(stage.CHARTS[name](found), found.point.chain.name, found.point.data)

    return _written(stage, found, layout, drawn, picture, table)


def _written(
    stage: ModuleType, found: Any, layout: str, drawn: Callable[[str], Any], picture: str | None, table: str | None
) -> str | bytes:
    """What a stage has a function `as_LAYOUT` for, or a picture."""
    if table is not None:
        if layout != "csv":
            raise BadInput(f"--table {table}: takes --format csv")
        rows: str = stage.as_csv(found, table)
        return rows
    if layout in PICTURES:
        made: bytes = pictures().picture(drawn(picture or "overview"), layout)
        return made
    if picture is not None:
        raise BadInput(f"--picture {picture}: takes --format png or svg")
    text: str = getattr(stage, f"as_{layout}")(found)
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
