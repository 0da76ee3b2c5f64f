"""Documents: the one that is shown, and files to take away."""

from base64 import b64encode
from typing import Any

from symbptt.document.formats import FORMATS
from symbptt.document.kinds import KINDS
from symbptt.document.options import DocumentOptions
from symbptt.document.writing import compose, finished
from symbptt.typeset import notations
from symbptt.web import fields, written
from symbptt.words import languages

MOST_STEPS = 12
"""The most steps of a document in the page."""
DOWNLOADS = tuple(FORMATS)
_LAYOUTS = ("", "column", "row")


def _options(request: fields.Request) -> DocumentOptions:
    """Only names from tables: a request can name no file of the machine."""
    return DocumentOptions(
        kind=fields.choice(request, "kind", [name for name, kind in KINDS.items() if kind.models == 1]),
        language=fields.choice(request, "language", languages()), notation=fields.choice(request, "notation", _notations()),
        layout=fields.choice(request, "layout", _LAYOUTS) or None,
    )


def _notations() -> list[str]:
    """The notations, the textbook's first."""
    return sorted(notations.names(), key=lambda name: name != "textbook")


def derivation(request: fields.Request) -> dict[str, Any]:
    """The document as `html`, and the model `file` as it was read or written."""
    model, options = written.model(request), _options(request)
    steps = fields.whole(request, "T", 3, MOST_STEPS)
    page = finished(compose(model, steps, options=options), "html", options)
    return {"html": page, "file": model.text, "title": model.title or model.name}


def file(request: fields.Request) -> dict[str, Any]:
    """The document as a file: its `path`, and its bytes in Base64."""
    model, options = written.model(request), _options(request)
    steps = fields.whole(request, "T", 3, MOST_STEPS)
    format = fields.choice(request, "format", DOWNLOADS)
    made = finished(compose(model, steps, options=options), format, options)
    content = made.encode() if isinstance(made, str) else made
    return {"path": FORMATS[format].file(f"{model.name}_{options.kind}_T{steps}", format), "base64": b64encode(content).decode()}
