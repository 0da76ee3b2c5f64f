"""Markdown for course sites, MyST and Quarto: labels and references of equations, figures and front matter in their syntax."""

import re
from dataclasses import dataclass
from typing import ClassVar

from symbptt import typeset
from symbptt.document.blocks import Document
from symbptt.document.writers.markdown import Markdown
from symbptt.narrative.inline import plain
from symbptt.narrative.values import Prose, Reference
from symbptt.typeset.tree import Tree

_OTHERS = re.compile(r"[^A-Za-z0-9]+")
_FENCED = re.compile(r"\((\{eq\}`[^`]*`)\)")
_OF_MYST = re.compile(r"%|^\((?=.*\)=$)")
_OF_PANDOC = re.compile(r"[@^'\"]|-(?=-)|\.(?=\.\.)")


def quoted(text: str) -> str:
    """A text between double quotes, as YAML reads it."""
    return '"' + "".join(_quoted(c) for c in text) + '"'


def _quoted(c: str) -> str:
    return f"\\{c}" if c in '\\"' else c if c.isprintable() else f"\\U{ord(c):08x}"


def _front(document: Document, **values: str) -> dict[str, str]:
    """The lines of a front matter, empty values left out, and the command as a comment may hold it."""
    lines = (f"{name}: {quoted(text)}" for name, text in values.items() if text)
    return {"front": "\n".join(lines), "by": quoted(document.command)}


@dataclass(frozen=True)
class Site(Markdown):
    """A page among others."""

    def label(self, name: str) -> str:
        """A label that no other page has: it begins like the names of the pictures."""
        return _OTHERS.sub("-", f"{self.stem}-{name}").strip("-").lower() if name else ""


@dataclass(frozen=True)
class Myst(Site):
    """MyST, for Sphinx with myst-parser, Jupyter Book and mystmd; roles and directives alone, which need no extension."""

    folders: ClassVar[tuple[str, ...]] = ("myst", "markdown")

    def text(self, text: str) -> str:
        return _OF_MYST.sub(r"\\\g<0>", super().text(text))

    def inline(self, tree: Tree) -> str:
        return f"{{math}}`{typeset.latex(tree)}`"

    def reference(self, reference: Reference) -> str:
        return f"{{eq}}`{self.label(reference)}`" if reference else str(reference.number)

    def prose(self, prose: Prose) -> str:
        """A reference to an equation comes with its parentheses."""
        return _FENCED.sub(r"\1", super().prose(prose))

    def picture(self, drawn: str, title: str) -> str:
        return f"{self.address(drawn)}\n:alt: {quoted(title)}"

    def page(self, document: Document, body: str) -> dict[str, str]:
        return _front(document, subtitle=plain(document.subtitle, typeset.text), author=document.author)


@dataclass(frozen=True)
class Quarto(Site):
    """Quarto, which reads the Markdown of Pandoc."""

    folders: ClassVar[tuple[str, ...]] = ("qmd", "markdown")

    def text(self, text: str) -> str:
        return _OF_PANDOC.sub(r"\\\g<0>", super().text(text))

    def reference(self, reference: Reference) -> str:
        return f"[-@eq-{self.label(reference)}]" if reference else str(reference.number)

    def picture(self, drawn: str, title: str) -> str:
        alternative = title.replace("\\", r"\\").replace('"', r"\"")
        return f'(<{self.address(drawn)}>){{fig-alt="{alternative}"}}'

    def page(self, document: Document, body: str) -> dict[str, str]:
        return _front(
            document, title=self.text(document.title), subtitle=self.prose(document.subtitle),
            author=self.text(document.author), lang=document.language,
        )
