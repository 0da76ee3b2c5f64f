"""Where the gradient goes: the interactive page of `analyze`."""

from typing import Any

from symbptt.analyze.page import page_of
from symbptt.compose import Chain, report
from symbptt.compose import flow as flow_of
from symbptt.web import fields, written


def flow(request: fields.Request) -> dict[str, Any]:
    """The page as `html`; a model without a loss is given one, and `note` says so."""
    given = written.model(request)
    if isinstance(given, Chain):
        return {"html": report.as_html(flow_of(given)), "note": ""}
    model, notes = written.with_loss(given, "the flow of the gradient")
    return {"html": page_of(model), "note": " ".join(notes)}
