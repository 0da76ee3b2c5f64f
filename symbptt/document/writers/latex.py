"""LaTeX: finished strings for `templates/latex`."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from symbptt import typeset
from symbptt.document.breaking import portions, unbroken
from symbptt.document.writers.writer import Writer
from symbptt.draw import plot_tikz, tikz
from symbptt.draw.plot import Plot
from symbptt.draw.scene import Scene
from symbptt.narrative.inline import Link
from symbptt.narrative.values import Reference, Step
from symbptt.typeset.alphabets import COMMANDS
from symbptt.typeset.tree import Tree
from symbptt.words import FALLBACK, table

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    "−": "$-$", "×": r"$\times$", "⊙": r"$\odot$", "∘": r"$\circ$", "∗": r"$\ast$",
    "≤": r"$\le$", "∞": r"$\infty$", "→": r"$\to$", "²": "$^2$", "³": "$^3$", "·": r"$\cdot$",
    "…": r"\dots{}", "⋯": r"$\cdots$", "–": "--", "’": "'", "“": "``", "”": "''", "⁴": "$^4$", "‖": r"$\|$",
}
WIDE = 21.0
"""The width in em from which a formula in a line of text is measured by TeX, and made smaller if it is too wide."""
_LAGS = "abcdef"
"""The colours of the distances t − k, as letters, since names of TeX have no digits."""


def escape(text: str, language: str = FALLBACK) -> str:
    """User text for TeX. What the fonts of the language lack is written without its accents, or as its code point."""
    own = _own(language)
    return "".join(c if own.match(c) else _character(c) for c in text)


@cache
def _own(language: str) -> re.Pattern[str]:
    """The characters that the preamble of a language sets as they are."""
    return re.compile(f"[{table(language)['language.characters']}]")


def _character(c: str) -> str:
    if c in _SPECIAL:
        return _SPECIAL[c]
    if c in COMMANDS:
        return f"${COMMANDS[c]}$"
    if c.isascii() and c.isprintable():
        return c
    if c.isspace():
        return " "
    plain = "".join(p for p in unicodedata.normalize("NFKD", c) if p.isascii() and p.isprintable())
    return "".join(_SPECIAL.get(p, p) for p in plain) or rf"[U+{ord(c):04X}]"


def _breakable(shapes: str) -> str:
    """Escaped shapes that may be broken between the factors of a product."""
    shapes = shapes.replace(")(", r")\allowbreak(").replace(r")$\times$(", r")$\times$\allowbreak{}(")
    return shapes.replace(r"$\cdots$", r"\allowbreak$\cdots$\allowbreak{}")


@dataclass(frozen=True)
class Latex(Writer):
    """An article for the program that the preamble of its language asks for."""

    folders: ClassVar[tuple[str, ...]] = ("latex",)
    suffix: ClassVar[str] = "tex"
    paper: ClassVar[bool] = True

    def text(self, text: str) -> str:
        return escape(text, self.language)

    def typed(self, text: str) -> str:
        # A typewriter font is never hyphenated, so long names may break after their underscores.
        # Two hyphens in a row would become a dash.
        return rf"\texttt{{{self.text(text)}}}".replace(r"\_", r"\_\allowbreak{}").replace("--", "-{}-")

    def reference(self, reference: Reference) -> str:
        return rf"\ref{{eq:{reference}}}" if reference else str(reference.number)

    def emphasised(self, text: str, strong: bool) -> str:
        return rf"\text{'bf' if strong else 'it'}{{{self.text(text)}}}"

    def link(self, link: Link) -> str:
        address = "".join("\\" + c if c in "%#&_" else c for c in link.url)
        return rf"\href{{{address}}}{{{self.text(link)}}}"

    def inline(self, tree: Tree) -> str:
        made = typeset.latex(tree)
        return rf"\fittedinline{{{made}}}" if unbroken(tree) > WIDE else f"${made}$"

    def steps(self, step: Step) -> list[dict[str, Any]]:
        """A step, or several that share its rule, so that a page can end between them."""
        return [
            {
                "claim": self.prose(part.claim), "math": typeset.latex(part.equation), "rule": self.prose(part.rule),
                "shapes": _breakable(self.text(part.shapes)), "number": part.number or "",
                "label": part.label and f"eq:{part.label}",
            }
            for part in portions(step)
        ]

    def drawing(self, scene: Scene, title: str) -> str:
        return tikz.write(scene)

    def plot(self, plot: Plot, title: str) -> str:
        return plot_tikz.write(plot, self.prose)

    def code(self, text: str, numbers: frozenset[str]) -> str:
        """A listing in ASCII, which is all that `listings` reads under pdflatex."""
        return "".join(c if c.isascii() else "?" for c in text)

    def colour(self, lag: int) -> str:
        return f"lag{_LAGS[lag]}"
