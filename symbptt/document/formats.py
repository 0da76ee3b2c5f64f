"""The formats of documents: the writer that writes each, and what is made of its text. To add a format: a row below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from symbptt.document import bibliography, notebook, pdf
from symbptt.document.blocks import Document
from symbptt.document.writers.html import Html
from symbptt.document.writers.latex import Latex
from symbptt.document.writers.markdown import Markdown
from symbptt.document.writers.site import Myst, Quarto
from symbptt.document.writers.writer import Writer
from symbptt.errors import UnknownName


def _as_it_is(text: str, document: Document) -> str:
    return text


def _whole(document: Document) -> Document:
    return document


def _typeset(text: str, document: Document) -> bytes:
    return pdf.typeset(text)


def _bib(text: str, document: Document) -> str:
    """What the document cites, whatever its text."""
    return bibliography.as_bib(bibliography.of_document(document.context.models, document.context.own.sources))


@dataclass(frozen=True)
class Format:
    """A writer, what makes the file of its text, and whether that is text again.

    `beside` is the writer that puts pictures into files of their own, given a language, the beginning of their names and a dict
    for them; None where they stand inside. Names of files end in `suffix`, or in the name of the format.
    `before` takes out what the format does not show.
    """

    writer: type[Writer]
    finish: Callable[[str, Document], str | bytes] = _as_it_is
    text: bool = True
    beside: Callable[[str, str, dict[str, str]], Writer] | None = None
    suffix: str = ""
    before: Callable[[Document], Document] = _whole

    def file(self, stem: str, name: str) -> str:
        """The name of a file of the format called `name`."""
        return f"{stem}.{self.suffix or name}"


FORMATS: dict[str, Format] = {
    "tex": Format(Latex), "pdf": Format(Latex, _typeset, text=False), "html": Format(Html),
    "md": Format(Markdown, beside=Markdown), "myst": Format(Myst, beside=Myst, suffix="myst.md"),
    "qmd": Format(Quarto, beside=Quarto), "ipynb": Format(Markdown, notebook.write, before=notebook.without_code),
    "bib": Format(Markdown, _bib),
}
"""Format by name to how it is made."""
PAGES = ("tex", "html")
"""What is written where nobody says a format."""


def format_of(name: str) -> Format:
    """The format of a name; raises UnknownName."""
    if name not in FORMATS:
        raise UnknownName("format", name, FORMATS)
    return FORMATS[name]


def of_file(name: str) -> str | None:
    """The format of a file's name, by the longest ending that a format has; None for the name of a folder."""
    endings = sorted(((found.file("", format), format) for format, found in FORMATS.items()), key=lambda one: -len(one[0]))
    return next((format for ending, format in endings if name.endswith(ending) and name != ending), None)
