"""Rendering and writing documents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from symbptt import files
from symbptt.document import html, latex
from symbptt.errors import UnknownName
from symbptt.model.read import load
from symbptt.model.values import Model
from symbptt.narrative import derivation
from symbptt.narrative.story import ALL
from symbptt.narrative.values import Derivation

Writer = Callable[[Derivation, str], str]
FORMATS: dict[str, Writer] = {"tex": latex.write, "html": html.write}
"""Format, which is the suffix of the file, to its writer."""


def _writer(kind: str) -> Writer:
    if kind not in FORMATS:
        raise UnknownName("format", kind, FORMATS)
    return FORMATS[kind]


def _command(model: Model, T: int, wrt: tuple[str, ...] | str | None) -> str:
    names = f" --wrt {wrt if isinstance(wrt, str) else ','.join(wrt)}" if wrt else ""
    changes = f" {model.options}" if model.options else ""
    return f"symbptt document {model.name}{changes} -T {T}{names}"


def render(model: Model | str, T: int, format: str = "tex", wrt: tuple[str, ...] | str | None = None) -> str:
    """The document as text, "tex" or "html"; `wrt` is None for all parameters, inputs and initial states.

    Raises BadInput for an unknown format, for a model without a loss, and for a T or a name that is not possible.
    """
    writer, model = _writer(format), load(model)
    return writer(derivation(model, T, wrt or ALL), _command(model, T, wrt))


def write(
    model: Model | str, T: int, directory: str | Path = ".", formats: tuple[str, ...] = ("tex", "html"),
    wrt: tuple[str, ...] | str | None = None, force: bool = False,
) -> list[Path]:
    """Write the document, one file per format, such as elman_T3.tex; all of them or none. Returns their paths.

    The folder is made if it is missing. Raises BadInput as `render` does, and for a file that exists, unless `force`.
    """
    model = load(model)
    writers = {kind: _writer(kind) for kind in dict.fromkeys(formats)}
    told, command = derivation(model, T, wrt or ALL), _command(model, T, wrt)
    texts = {Path(directory) / f"{model.name}_T{T}.{kind}": writer(told, command) for kind, writer in writers.items()}
    files.make_folder(directory)
    return list(files.write_all(texts, force=force))
