"""The document in LaTeX: finished strings for `templates/latex/document.tex.jinja`."""

from __future__ import annotations

import unicodedata
from typing import Any

from symbptt import typeset
from symbptt.document import content, glossary, listing, scene, tikz
from symbptt.document.breaking import broken, chunks
from symbptt.document.environment import environment
from symbptt.narrative.values import Derivation, Norms, Prose, Section, Step
from symbptt.typeset.tree import Tree

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    "−": "$-$", "×": r"$\times$", "⊙": r"$\odot$", "≤": r"$\le$", "→": r"$\to$", "²": "$^2$", "³": "$^3$", "·": r"$\cdot$",
    "…": r"\dots{}", "–": "--", "’": "'", "“": "``", "”": "''", "⁴": "$^4$",
}

_LAGS = "abcdef"
"""The colours of the distances t − k, as letters, since names of TeX have no digits."""


def escape(text: str) -> str:
    """User text for TeX. What the fonts of pdflatex lack is written without its accents, or as its code point."""
    return "".join(_character(c) for c in text)


def _character(c: str) -> str:
    if c in _SPECIAL:
        return _SPECIAL[c]
    if c.isascii() and c.isprintable():
        return c
    if c.isspace():
        return " "
    if c.isalpha() and ord(c) < 0x180:
        return c
    plain = "".join(p for p in unicodedata.normalize("NFKD", c) if p.isascii() and p.isprintable())
    return "".join(_SPECIAL.get(p, p) for p in plain) or rf"[U+{ord(c):04X}]"


def _prose(prose: Prose) -> str:
    return "".join(escape(p) if isinstance(p, str) else f"${typeset.latex(p)}$" for p in prose)


def _steps(step: Step) -> list[dict[str, Any]]:
    """A step, or several that share its rule, so that a page can end between them."""
    first, *others = chunks(broken(step.equation))
    note = {"rule": escape(step.rule), "shapes": escape(step.shapes).replace(")(", r")\allowbreak("), "number": step.number or ""}
    more = [{"claim": "", "math": typeset.latex(part), "rule": "", "shapes": "", "number": ""} for part in others]
    return [{"claim": _prose(step.claim), "math": typeset.latex(first), **note}, *more]


def _name(name: Tree | str) -> str:
    return escape(name) if isinstance(name, str) else f"${typeset.latex(name)}$"


def _cell(cell: content.Cell) -> str:
    return rf"\lag{_LAGS[cell.lag]}{{{cell.text}}}" if cell.lag is not None and cell.text else cell.text


def _table(norms: Norms) -> dict[str, Any]:
    grid = content.grid(norms)
    rows = [" & ".join([_name(name), *map(_cell, cells)]) for name, cells in grid.rows]
    legend = [rf"\legend{{{_LAGS[lag]}}}{{{lag}}}" for lag in content.legend(norms)]
    head = " & ".join([escape(grid.corner), *map(escape, grid.columns)])
    return {"columns": "l" + "r" * len(grid.columns), "head": head, "rows": rows, "legend": " ".join(legend)}


def _section(section: Section) -> dict[str, Any]:
    return {
        "heading": escape(section.heading), "level": section.level, "paragraphs": [_prose(p) for p in section.intro],
        "steps": [made for s in section.steps for made in _steps(s)], "table": _table(section.norms) if section.norms else None,
    }


def _code(text: str) -> str:
    """A listing in ASCII, which is all that `listings` reads under pdflatex."""
    return "".join(c if c.isascii() else "?" for c in text)


def write(derivation: Derivation, command: str) -> str:
    """The whole document."""
    model = derivation.model
    entries = glossary.entries(derivation)
    return environment().get_template("latex/document.tex.jinja").render(
        title=escape(derivation.title), T=derivation.T, command=escape(command),
        emit=escape(listing.command(model, derivation.wrt)),
        notes=[escape(note) for note in model.notes],
        entries=[(f"${typeset.latex(e.symbol)}$", escape(e.meaning), escape(e.shape)) for e in entries],
        figure=tikz.write(scene.scene(model, derivation.T, derivation.wrt)),
        sections=[_section(s) for s in derivation.sections], code=_code(listing.functions(model, derivation.wrt)),
        references=[escape(r) for r in content.references(model)],
    )
