"""Putting a document together: every block by its template, then the whole."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2

from symbptt.document.blocks import Block, Document, Heading
from symbptt.document.fields import fields
from symbptt.document.narrow import in_columns
from symbptt.document.writers.writer import Writer
from symbptt.errors import BadInput
from symbptt.template import template
from symbptt.version import VERSION
from symbptt.words import table

LABELS = "document.label."
"""Where the tables of words have the texts that templates show by themselves."""


def template_name(block: Block) -> str:
    """WorkedExample -> worked_example."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(block).__name__).lower()


@dataclass(frozen=True)
class Renderer:
    """Writes the documents of a kind with a writer; templates in the folder `overlay` stand before the package's own."""

    writer: Writer
    kind: str
    overlay: Path | None = None

    @cached_property
    def words(self) -> dict[str, str]:
        """The labels of templates, escaped."""
        known = table(self.writer.language)
        return {key.removeprefix(LABELS): self.writer.text(text) for key, text in known.items() if key.startswith(LABELS)}

    def _filled(self, name: str, values: dict[str, Any]) -> str:
        """A template of this kind of document if there is one, else the one for all kinds.

        Raises BadInput, naming template and line, for one that cannot be filled in.
        """
        files = (f"{self.kind}/{name.removeprefix('blocks/')}", name)
        names = [f"{folder}/{file}.{self.writer.suffix}.jinja" for folder in self.writer.folders for file in files]
        own = names[0]
        try:
            chosen = template(*names, overlay=self.overlay)
            own = chosen.name or own
            return chosen.render(values | {"words": self.words})
        except jinja2.TemplateSyntaxError as error:
            raise BadInput(f"template {error.name or own}, line {error.lineno}: {error.message}") from error
        except (jinja2.TemplateError, TypeError, ValueError) as error:
            raise BadInput(f"template {own}: {error}") from error

    def block(self, block: Block) -> str:
        """One block."""
        return self._filled(f"blocks/{template_name(block)}", fields(block, self.writer, self.block))

    def document(self, document: Document) -> str:
        """The whole document."""
        text = self.writer.text
        headings = [fields(block, self.writer, self.block) for block in document.blocks if isinstance(block, Heading)]
        blocks = in_columns(document.blocks) if self.writer.paper else document.blocks
        body = "".join(map(self.block, blocks))
        return self._filled("document", {
            "title": text(document.title), "subtitle": self.writer.prose(document.subtitle), "language": document.language,
            "byline": [text(line) for line in document.byline], "room": document.room, "author": text(document.author),
            "command": text(document.command), "made": text(f"symbptt {VERSION}"), "typed": self.writer.typed(document.command),
            "headings": headings, "body": body, **self.writer.page(document, body),
        })
