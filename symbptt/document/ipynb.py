"""Jupyter notebooks, format 4.5: the words of a document in Markdown, then the emitted module in cells, run and checked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from symbptt.document import listing
from symbptt.document.context import DocumentContext
from symbptt.model.values import Model

Cell = dict[str, Any]
_PART = re.compile(r"#{2,3} ")
_MAIN = "\n\nif __name__ =="
_CHECK = '''\
worst = self_check(T={steps})
for name, error in worst.items():
    print(f"{{name:<16}} {{error:.1e}}")
assert max(worst.values()) < 1e-11
'''


def _lines(text: str) -> list[str]:
    return text.strip("\n").splitlines(keepends=True)


def words(text: str) -> Cell:
    """A cell of Markdown."""
    return {"cell_type": "markdown", "metadata": {}, "source": _lines(text)}


def code(text: str, folded: bool = False) -> Cell:
    """A cell of code that was not run yet; of a folded one only a bar is shown at first."""
    metadata = {"jupyter": {"source_hidden": True}} if folded else {}
    return {"cell_type": "code", "execution_count": None, "metadata": metadata, "outputs": [], "source": _lines(text)}


def parts(text: str) -> list[str]:
    """The text of a document cut in front of its headings; what looks like one inside a listing is none."""
    made, listing = [""], False
    for line in text.splitlines(keepends=True):
        listing ^= line.startswith("```")
        if _PART.match(line) and not listing:
            made.append("")
        made[-1] += line
    return [part for part in made if part.strip()]


def run(context: DocumentContext, model: Model) -> list[Cell]:
    """The module of a model, and its own check of every gradient by the complex step."""
    say = context.voice.word
    names = context.wrt if isinstance(context.wrt, (str, type(None))) else tuple(context.wrt)
    module = listing.module(model, names, context.T).split(_MAIN)[0]
    return [
        words(f"## {say('document.run.heading', model=model.name)}\n\n{say('document.run.module')}"), code(module, folded=True),
        words(say("document.run.check")), code(_CHECK.format(steps=context.T)),
    ]


def notebook(cells: Iterable[Cell], language: str) -> str:
    """The file, its cells numbered."""
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
        "symbptt": {"language": language},
    }
    numbered = [{"id": f"cell-{number}", **cell} for number, cell in enumerate(cells, 1)]
    made = {"cells": numbered, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def write(text: str, context: DocumentContext) -> str:
    """The notebook of a document that is written in Markdown."""
    cells = [words(part) for part in parts(text)]
    cells += [cell for model in context.models for cell in run(context, model)]
    return notebook(cells, context.voice.language)
