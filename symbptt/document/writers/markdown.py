"""Markdown: finished strings for `templates/markdown`; formulas are LaTeX between dollar signs, drawings are
files beside the text, or inside it."""

import re
from base64 import b64encode
from dataclasses import dataclass, field
from html import escape
from typing import Any, ClassVar

from symbptt import typeset
from symbptt.document.breaking import broken
from symbptt.document.writers.writer import Writer
from symbptt.draw import plot_svg, svg
from symbptt.draw.plot import Plot
from symbptt.draw.scene import Scene
from symbptt.narrative.inline import Link
from symbptt.narrative.values import Step
from symbptt.typeset.tree import Tree

_MARKS = re.compile(r"([\\`*_{}\[\]#|$~])")
_OPENING = re.compile(r"^(\s*(?=[-+])|\s*\d+(?=[.)]))(.)(?=\s|$)", re.M)
"""What would open a list."""
_TICKS = re.compile(r"`+")


@dataclass(frozen=True)
class Markdown(Writer):
    """Text for editors, web sites and notebooks.

    With `pictures` every drawing is put there as an SVG file, by a name that begins with `stem`; else it stands in the text.
    """

    stem: str = ""
    pictures: dict[str, str] | None = field(default=None, compare=False)

    folders: ClassVar[tuple[str, ...]] = ("markdown",)
    suffix: ClassVar[str] = "md"

    def text(self, text: str) -> str:
        """Words: what Markdown or HTML would read as markup is escaped, and lines are joined."""
        plain = _MARKS.sub(r"\\\1", escape(" ".join(text.split("\n")), quote=False))
        return _OPENING.sub(r"\1\\\2", plain)

    def typed(self, text: str) -> str:
        fence = "`" * (1 + max((len(ticks) for ticks in _TICKS.findall(text)), default=0))
        return f"{fence} {text} {fence}" if len(fence) > 1 else f"`{text}`"

    def emphasised(self, text: str, strong: bool) -> str:
        stars = "**" if strong else "*"
        return f"{stars}{self.text(text)}{stars}"

    def link(self, link: Link) -> str:
        return f"[{self.text(link)}](<{link.url}>)"

    def inline(self, tree: Tree) -> str:
        return f"${typeset.latex(tree)}$"

    def steps(self, step: Step) -> list[dict[str, Any]]:
        return [{
            "claim": self.prose(step.claim), "math": typeset.latex(broken(step.equation)), "rule": self.prose(step.rule),
            "shapes": self.text(step.shapes), "number": step.number or "", "label": self.label(step.label),
        }]

    def drawing(self, scene: Scene, title: str) -> str:
        return self.picture(svg.standalone(scene, title), title)

    def picture(self, drawn: str, title: str) -> str:
        """A drawing, with what a screen reader says."""
        place = self.address(drawn)
        return f"![{self.text(title)}]({place if self.pictures is None else f'<{place}>'})"

    def address(self, drawn: str) -> str:
        """Where a drawing is found."""
        if self.pictures is None:
            return f"data:image/svg+xml;base64,{b64encode(drawn.encode()).decode('ascii')}"
        name = f"{self.stem}_{len(self.pictures) + 1}.svg"
        self.pictures[name] = drawn + "\n"
        return name

    def plot(self, plot: Plot, title: str) -> str:
        return self.picture(plot_svg.standalone(plot, title), title)

    def code(self, text: str, numbers: frozenset[str]) -> str:
        return text

    def colour(self, lag: int) -> str:
        return ""
