"""The documentation site: the pages of this folder, the README in front, and a reference made from docstrings.

`python3 run.py docs` builds it into site/; every warning is an error, so a link that leads nowhere stops it. The page of
`symbptt site` is part of it: every model that a page of this folder shows, and every backward pass that it has diagnosed, has a
link that opens it there. Pyodide comes from its official distribution, or from the folder that PYODIDE_FOLDER names.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Any

import symbptt
from symbptt.errors import SymbpttError
from symbptt.model.read import from_text
from symbptt.web.share import fragment

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
logging.getLogger("fontTools").setLevel(logging.WARNING)
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


APP = "app"
"""The folder of the page in the site."""
_BLOCK = re.compile(r"^```(toml|python)\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
_FILE = re.compile(r"# ([\w/-]+)\.\w+\n")
_DIAGNOSED = re.compile(r"^\$ symbptt diagnose (\w+) ([\w-]+)\.py", re.MULTILINE)


EMBEDDED = f"""
## Here

<p><a href="{APP}/index.html">In a window of its own</a></p>
<iframe src="{APP}/index.html" title="The page" loading="lazy" style="width: 100%; height: 46rem; border: 0"></iframe>
"""


def _link(words: str, **state: str) -> str:
    return f'\n<p><a href="{APP}/index.html#{fragment(**state)}">{words}</a></p>\n'


def _is_model(block: str) -> bool:
    try:
        from_text(block, "docs", "docs")
    except SymbpttError:
        return False
    return True


def opened(page: str) -> str:
    """A page with a link below each model, and below each backward pass that a command of the page diagnoses."""
    models = {file: model for model, file in _DIAGNOSED.findall(page)}

    def linked(match: re.Match[str]) -> str:
        language, block = match.groups()
        file = found[1] if (found := _FILE.match(block)) else "model"
        if language == "toml" and _is_model(block):
            return match[0] + _link("Open in the page", model=block, name=file.rpartition("/")[2])
        if language == "python" and file in models:
            model = models[file]
            state = {"model": symbptt.load(model).text, "name": model, "code": block, "tab": "bug"}
            return match[0] + _link("See the verdict in the page", **state)
        return match[0]

    return _BLOCK.sub(linked, page)


def _page(app: Any, exception: Exception | None) -> None:
    """Write the page into the site."""
    if exception is None and app.builder.format == "html":
        local = os.environ.get("PYODIDE_FOLDER")
        symbptt.web.write_site(Path(app.outdir) / APP, Path(local) if local else None, force=True)


def _source(app: Any, docname: str, source: list[str]) -> None:
    """The front page is the README, whose links start one folder higher; pages that link to it mean the front page."""
    if docname == "index":
        readme = (Path(app.srcdir).parent / "README.md").read_text(encoding="utf-8")
        moved = re.sub(r"\]\((?!https?:|#|docs/)", "](../", readme)
        moved = moved.replace("](docs/", "](").replace("../CONTRIBUTING.md", "contributing.md")
        source[0] = f"{moved}\n{source[0]}"
    else:
        source[0] = source[0].replace("](../README.md)", "](index.md)")
    source[0] = opened(source[0]) + (EMBEDDED if docname == "page" else "")


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _source)
    app.connect("build-finished", _page)
    app.connect("autodoc-process-docstring", _docstring)
