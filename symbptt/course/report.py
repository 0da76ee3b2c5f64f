"""A gradebook as text for a terminal, as CSV, JSON and a page."""

import csv as tables
import io
import json as writer
from collections.abc import Callable, Mapping
from typing import Any

from symbptt.course.gradebook import Gradebook
from symbptt.course.grades import Grade, Mark
from symbptt.course.summary import Lesson, Tally, copies, groups, lesson, tallies, unexplained
from symbptt.guard.text import escaped
from symbptt.template import template
from symbptt.terminal import columns, wrapped

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What begins a formula in a spreadsheet."""


def text(book: Gradebook) -> str:
    """The table, the causes, and the commonest mistake, for a terminal."""
    rows = [("", "points", *book.gradients, "")]
    rows += [(g.name, f"{g.points:g}", *map(_cell, g.marks), *_remark(g)) for g in book.grades]
    counted = f"{len(book.grades)} submissions for {book.model.name}, {_counted(book)}"
    lines = [f"{counted}; mean {book.mean:.2f} of {book.out_of:g}", "", *columns(rows)]
    if found := tallies(book):
        lines += ["", "Causes:", *columns([(str(len(t.grades)), t.cause, _names(t.grades)) for t in found])]
    if unknown := unexplained(book):
        lines += [f"No cause known: {_names(unknown)}"]
    if same := copies(book):
        lines += ["", *(f"The same code: {', '.join(names)}" for names in same)]
    if (common := lesson(book)) is not None:
        lines += ["", f"The commonest mistake: {common.tally.cause}", *wrapped(common.tally.explanation, "  ")]
        lines += [f"  equation ({common.tally.equation}): {common.equation}"] * bool(common.equation)
        lines += [f"  right in code: {common.code}"] * bool(common.code)
    return escaped("\n".join(lines)) + "\n"


def _counted(book: Gradebook) -> str:
    return ", ".join(f"{len(grades)} {name}" for name, grades in groups(book))


def _cell(mark: Mark) -> str:
    told = " or ".join((*mark.causes[:1], *mark.beside))
    return f"{mark.points:g}" if mark.right or not told else f"{mark.points:g} {told}"


def _remark(grade: Grade) -> tuple[str]:
    said = " ".join(grade.remarks)
    return (said if len(said) < 100 else said[:99] + "…",)


def _names(grades: tuple[Grade, ...]) -> str:
    return ", ".join(g.name for g in grades)


def csv(book: Gradebook) -> str:
    """One row for each submission. What a spreadsheet would take for a formula is led by an apostrophe."""
    file = io.StringIO()
    rows = tables.writer(file, lineterminator="\n")
    rows.writerow(["name", "file", "points", "out of", *book.gradients, "causes", "reason", "same code as"])
    for g in book.grades:
        said = (", ".join(g.causes), g.reason, ", ".join(g.twins))
        points = [f"{mark.points:g}" for mark in g.marks]
        rows.writerow([_safe(g.name), _safe(g.file), f"{g.points:g}", f"{g.out_of:g}", *points, *map(_safe, said)])
    return file.getvalue()


def _safe(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value


def data(book: Gradebook) -> dict[str, Any]:
    """The gradebook for `--format json`."""
    common = lesson(book)
    return {
        "schema": 1, "model": book.model.name, "gradients": list(book.gradients), "out_of": book.out_of,
        "mean": round(book.mean, 6),
        "counts": {name: len(grades) for name, grades in groups(book)},
        "causes": [_tally(t) for t in tallies(book)],
        "commonest": None if common is None else _lesson(common),
        "same_code": [list(names) for names in copies(book)],
        "submissions": [g.json() for g in book.grades],
    }


def _tally(tally: Tally) -> dict[str, Any]:
    return {"name": tally.cause, "submissions": [g.name for g in tally.grades], "explanation": tally.explanation}


def _lesson(common: Lesson) -> dict[str, Any]:
    return {"cause": common.tally.cause, "explanation": common.tally.explanation, "equation": common.equation or None,
            "code": common.code or None, "gradients": list(common.gradients)}


def json(book: Gradebook) -> str:
    """The same as text."""
    return writer.dumps(data(book), indent=2, ensure_ascii=False) + "\n"


def html(book: Gradebook) -> str:
    """A page of its own, without scripts."""
    found = tallies(book)
    return template("html/gradebook.html.jinja", escapes=True).render(
        book=book, groups=groups(book), tallies=found, most=max((len(t.grades) for t in found), default=1), lesson=lesson(book),
        unexplained=unexplained(book), copies=copies(book), title=book.model.title,
    )


WRITERS: Mapping[str, Callable[[Gradebook], str]] = {"html": html, "csv": csv, "json": json, "text": text}
"""By the name of the format, which ends the name of a file."""
