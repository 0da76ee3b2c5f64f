"""The document in HTML: finished strings for `templates/html/document.html.jinja`; formulas are native MathML."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from symbptt import typeset
from symbptt.document import content, glossary, listing, scene, svg
from symbptt.document.breaking import broken
from symbptt.document.environment import environment
from symbptt.document.width import width
from symbptt.narrative.values import Derivation, Norms, Prose, Section, Step
from symbptt.typeset.tree import Tree

BESIDE = 31.0
"""The width in em up to which a formula has its rule beside it; a wider one has it below."""
_COMMENT = re.compile(r"(#.*)$")
_NUMBER = re.compile(r"\((\d+)\)")


def _inline(tree: Tree) -> str:
    return typeset.mathml(tree, display="inline")


def _prose(prose: Prose) -> str:
    return "".join(escape(p) if isinstance(p, str) else _inline(p) for p in prose)


def _step(step: Step) -> dict[str, Any]:
    equation = broken(step.equation)
    return {
        "claim": _prose(step.claim), "math": typeset.mathml(equation), "rule": escape(step.rule),
        "shapes": escape(step.shapes), "number": step.number or "", "wide": width(equation) > BESIDE,
    }


def _name(name: Tree | str) -> str:
    return escape(name) if isinstance(name, str) else _inline(name)


def _table(norms: Norms) -> dict[str, Any]:
    grid = content.grid(norms)
    return {
        "corner": escape(grid.corner), "head": [escape(c) for c in grid.columns],
        "rows": [(_name(name), [(c.text, "" if c.lag is None else f"lag{c.lag}") for c in cells]) for name, cells in grid.rows],
        "legend": [(str(lag), f"lag{lag}") for lag in content.legend(norms)],
    }


def _anchor(number: int, heading: str) -> str:
    return f"{number}-{re.sub('[^a-z0-9]+', '-', heading.lower()).strip('-')}"


def _section(number: int, section: Section) -> dict[str, Any]:
    return {
        "heading": escape(section.heading), "level": section.level, "paragraphs": [_prose(p) for p in section.intro],
        "steps": [_step(s) for s in section.steps], "table": _table(section.norms) if section.norms else None,
        "anchor": _anchor(number, section.heading),
    }


def _line(text: str, numbers: frozenset[str]) -> str:
    """A line of code, its comment marked and equation numbers linked."""

    def link(match: re.Match[str]) -> str:
        return f'<a href="#eq-{match[1]}">({match[1]})</a>' if match[1] in numbers else match[0]

    def comment(match: re.Match[str]) -> str:
        return f'<span class="comment">{_NUMBER.sub(link, match[1])}</span>'

    return _COMMENT.sub(comment, escape(text, quote=False))


def write(derivation: Derivation, command: str) -> str:
    """The whole document."""
    model = derivation.model
    numbers = frozenset(str(s.number) for section in derivation.sections for s in section.steps if s.number)
    code = listing.functions(model, derivation.wrt)
    return environment().get_template("html/document.html.jinja").render(
        title=escape(derivation.title), T=derivation.T, command=escape(command),
        emit=escape(listing.command(model, derivation.wrt)),
        notes=[escape(note) for note in model.notes],
        entries=[(_inline(e.symbol), escape(e.meaning), escape(e.shape)) for e in glossary.entries(derivation)],
        figure=svg.write(scene.scene(model, derivation.T, derivation.wrt), f"{derivation.title} over {derivation.T} steps"),
        sections=[_section(i, s) for i, s in enumerate(derivation.sections, 1)],
        code="\n".join(_line(line, numbers) for line in code.splitlines()),
        references=[escape(r) for r in content.references(model)],
    )
