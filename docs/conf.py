"""The documentation site: the pages of this folder, the README in front, and a reference made from docstrings.

`python3 run.py docs` builds it into site/; every warning is an error, so a link that leads nowhere stops it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import symbptt

project = "symbptt"
author = "The symbptt authors"
copyright = author
version = release = symbptt.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"symbptt {release}"
html_show_sphinx = False
smartquotes = False
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "separated"
autodoc_default_options = {"members": True, "imported-members": True, "exclude-members": "__init__, __new__"}
suppress_warnings = ["myst.strikethrough", "sphinx_autodoc_typehints"]

_SPECIAL = re.compile(r"([*|_\\])")
"""What means something to reStructuredText and nothing in a docstring of this package."""


def _plain(line: str) -> str:
    """A line of a docstring: code between backticks stays code, everything else is text."""
    pieces = line.split("`")
    if len(pieces) % 2 == 0:
        return _SPECIAL.sub(r"\\\1", line.replace("`", r"\`"))
    return "".join(f"``{piece}``" if i % 2 and piece else _SPECIAL.sub(r"\\\1", piece) for i, piece in enumerate(pieces))


def _docstring(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Docstrings here are text with indented formulas and code in backticks, not reStructuredText."""
    written: list[str] = []
    literal = False
    for line in lines:
        if line.startswith("  ") and not literal:
            written += ["", "::", "", line]
        elif line.startswith("  ") or not line.strip():
            written.append(line)
        else:
            written += ["", _plain(line)] if literal else [_plain(line)]
        literal = line.startswith("  ") or (literal and not line.strip())
    lines[:] = written


def _source(app: Any, docname: str, source: list[str]) -> None:
    """The front page is the README, whose links start one folder higher; pages that link to it mean the front page."""
    if docname == "index":
        readme = (Path(app.srcdir).parent / "README.md").read_text(encoding="utf-8")
        moved = re.sub(r"\]\((?!https?:|#|docs/)", "](../", readme)
        moved = moved.replace("](docs/", "](").replace("../CONTRIBUTING.md", "contributing.md")
        source[0] = f"{moved}\n{source[0]}"
    else:
        source[0] = source[0].replace("](../README.md)", "](index.md)")


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _source)
    app.connect("autodoc-process-docstring", _docstring)
