"""Jupyter notebooks, format 4.5: cells of words and of code, and the file."""

import json
import re
from collections.abc import Iterable
from typing import Any

Cell = dict[str, Any]
_PART = re.compile(r"#{2,3} ")


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
