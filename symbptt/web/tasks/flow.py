"""Where the gradient goes: the interactive page of `analyze`."""

from __future__ import annotations

from typing import Any

from symbptt.analyze.page import page_of
from symbptt.model.read import load
from symbptt.web import fields, written

SUBSTITUTE = "squared_error"


def flow(request: fields.Request) -> dict[str, Any]:
    """The page as `html`; a model without a loss is given one, and `note` says so."""
    model = written.model(request)
    if model.loss is not None:
        return {"html": page_of(model), "note": ""}
    return {"html": page_of(load(model, loss=SUBSTITUTE)), "note": f"The model has no loss; this is for {SUBSTITUTE}."}
