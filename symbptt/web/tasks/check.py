"""The emitted gradients, compared with independent routes."""

from typing import Any

from symbptt.compose import verified
from symbptt.web import fields, written


def check(request: fields.Request) -> dict[str, Any]:
    """The report as a `table`, and whether all `agree`."""
    report = verified(written.model(request))
    return {"agree": report.ok, "table": report.table()}
