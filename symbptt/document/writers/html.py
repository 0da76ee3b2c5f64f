"""HTML: finished strings for `templates/html`; formulas are native MathML."""

import re
from dataclasses import dataclass
from html import escape
from typing import Any, ClassVar

from symbptt import typeset
from symbptt.document.blocks import Document
from symbptt.document.breaking import broken
from symbptt.document.writers.writer import Writer
from symbptt.draw import font, plot_svg, svg
from symbptt.draw.plot import Plot
from symbptt.draw.scene import Scene
from symbptt.draw.width import width
from symbptt.narrative.inline import Link
from symbptt.narrative.values import Prose, Reference, Step
from symbptt.typeset.tree import Tree

BESIDE = 31.0
"""The width in em up to which a formula has its rule beside it; a wider one has it below."""
PAPER = 42.0
"""The width in em of a printed page; a formula that is wider there is set smaller."""
_COMMENT = re.compile(r"(#.*)$")
_FORMULA = "<math [^>]*>(?:(?!</math>).)*</math>"
_SIGNED = re.compile(rf"[(\[“（]+{_FORMULA}[-.,;:!?)\]”。，、；：）！？]*|{_FORMULA}[-.,;:!?)\]”。，、；：）！？]+", re.S)
_NUMBER = re.compile(r"\((\d+)\)")


@dataclass(frozen=True)
class Html(Writer):
    """One self-contained page."""

    folders: ClassVar[tuple[str, ...]] = ("html",)
    suffix: ClassVar[str] = "html"

    def text(self, text: str) -> str:
        return escape(text)

    def typed(self, text: str) -> str:
        return f"<code>{escape(text)}</code>"

    def reference(self, reference: Reference) -> str:
        return f'<a href="#eq-{reference.number}">{reference.number}</a>' if reference else str(reference.number)

    def emphasised(self, text: str, strong: bool) -> str:
        name = "strong" if strong else "em"
        return f"<{name}>{escape(text)}</{name}>"

    def link(self, link: Link) -> str:
        return f'<a href="{escape(link.url)}">{escape(link)}</a>'

    def inline(self, tree: Tree) -> str:
        return typeset.mathml(tree, display="inline")

    def prose(self, prose: Prose) -> str:
        """Words and formulas; no line ends between a formula and the sign before or after it."""
        return _SIGNED.sub(r'<span class="tied">\g<0></span>', super().prose(prose))

    def steps(self, step: Step) -> list[dict[str, Any]]:
        equation = broken(step.equation)
        across = width(equation)
        return [{
            "claim": self.prose(step.claim), "math": typeset.mathml(equation), "rule": self.prose(step.rule),
            "shapes": escape(step.shapes), "number": step.number or "", "wide": across > BESIDE,
            "fit": f"{PAPER / across:.2f}" if across > PAPER else "",
        }]

    def drawing(self, scene: Scene, title: str) -> str:
        return svg.write(scene, title)

    def plot(self, plot: Plot, title: str) -> str:
        return plot_svg.write(plot, title)

    def code(self, text: str, numbers: frozenset[str]) -> str:
        return "\n".join(_line(line, numbers) for line in text.splitlines())

    def page(self, document: Document, body: str) -> dict[str, str]:
        return {"font": font.faces(body)}

    def colour(self, lag: int) -> str:
        return f"lag{lag}"


def _line(text: str, numbers: frozenset[str]) -> str:
    """A line of code, its comment marked and equation numbers linked."""

    def link(match: re.Match[str]) -> str:
        return f'<a href="#eq-{match[1]}">({match[1]})</a>' if match[1] in numbers else match[0]

    def comment(match: re.Match[str]) -> str:
        return f'<span class="comment">{_NUMBER.sub(link, match[1])}</span>'

    return _COMMENT.sub(comment, escape(text, quote=False))
