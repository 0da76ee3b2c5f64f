"""What the page offers to begin with: models, notations, languages, kinds of documents, back ends, and buggy examples."""

from collections.abc import Iterator
from contextlib import suppress
from importlib.resources import files
from typing import Any

from symbptt import compose
from symbptt.document.kinds import KINDS
from symbptt.emit.source_file import BACKENDS
from symbptt.errors import SymbpttError
from symbptt.model.read import names
from symbptt.typeset import notations
from symbptt.version import VERSION
from symbptt.web.fields import Request
from symbptt.web.tasks.code import STYLES
from symbptt.web.tasks.document import DOWNLOADS, MOST_STEPS
from symbptt.words import languages, table

EXAMPLES = {
    "carry": ("elman", "Elman network: the loss falls all the same"), "cell": ("lstm", "LSTM: it learns, but forgets early"),
    "transpose": ("elman", "Elman network: right for T = 1"),
    "direction": ("birnn", "Bidirectional network: one direction learns little"),
}
"""A buggy backward pass by its file in `examples/`: its model, and what the menu says of it."""


ALONE = """\
# What is not defined becomes an input, a state or a parameter.
h = tanh(W @ x + U @ h[t-1] + b)
o = V @ h
loss = squared_error(o, y)
"""
"""Equations without a model file around them."""


def _models() -> Iterator[dict[str, str]]:
    """The models that are known by name; one of an installed package that cannot be read is left out."""
    yield {"name": "equations", "title": "Equations alone", "text": ALONE}
    for name in (*names(), *compose.names()):
        with suppress(SymbpttError):
            model = compose.any_model(name)
            yield {"name": name, "title": model.title or name, "text": model.text}


def start(request: Request) -> dict[str, Any]:
    """Everything that fills the page's menus."""
    return {
        "version": VERSION, "models": list(_models()),
        "notations": list(notations.names()), "most_steps": MOST_STEPS,
        "languages": [(language, table(language)["language.name"]) for language in languages()],
        "kinds": [name for name, kind in KINDS.items() if kind.models == 1], "downloads": list(DOWNLOADS),
        "code": [{"key": key, "name": style.name} for key, style in STYLES.items() if style.backend in BACKENDS],
        "bugs": [
            {"model": model, "title": title, "text": (files("symbptt.web") / "examples" / f"{name}.txt").read_text("utf-8")}
            for name, (model, title) in EXAMPLES.items()
        ],
    }
