"""The emitted modules of a model, by style."""

from dataclasses import dataclass
from typing import Any

from symbptt.compose import any_source
from symbptt.emit.source_file import BACKENDS
from symbptt.web import fields, written


@dataclass(frozen=True)
class Style:
    """What the page calls a kind of code, and how it is emitted."""

    name: str
    backend: str
    style: str | None = None


STYLES = {
    "plain": Style("NumPy, as in the textbook", "numpy", "plain"), "fast": Style("NumPy, fast", "numpy", "fast"),
    "jax": Style("JAX", "jax"), "torch": Style("PyTorch", "torch"), "c": Style("C", "c"),
}


def code(request: fields.Request) -> dict[str, Any]:
    """The module that a model becomes: `text`, `path` to save it under, and the `others` that belong to it."""
    model = written.model(request)
    style = STYLES[fields.choice(request, "style", [key for key, style in STYLES.items() if style.backend in BACKENDS])]
    made = any_source(model, backend=style.backend, style=style.style)
    others = [{"path": path, "text": text} for path, text in made.others]
    return {"text": made.text, "path": made.path, "others": others}
