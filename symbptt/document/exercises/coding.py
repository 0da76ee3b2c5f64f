"""The backward loop to be written; `symbptt diagnose` says of an answer what is wrong with it."""

import ast
from random import Random

from symbptt.document.blocks import Code
from symbptt.document.context import DocumentContext
from symbptt.document.exercises.generated import GeneratedExercise, said
from symbptt.document.printed.function import printed
from symbptt.model.values import Role
from symbptt.narrative.values import Typed

LINES = 18
LONGEST = 30
"""The longest loop that is asked for, in statements: how wide a column is does not say what is asked."""


def loop(context: DocumentContext, random: Random) -> GeneratedExercise | None:
    """The loop from the last step to the first, as a solution that of the printed function."""
    model, presentation = context.model, context.presentation
    text = printed(model, tuple(v for v in context.variables if v.role is Role.PARAMETER)) if model.states else None
    lines = [] if text is None else _backward(text)
    if not lines or _statements(lines) > LONGEST:
        return None
    command = Typed(" ".join(part for part in ("symbptt diagnose", model.name, "yours.py", model.options) if part))
    return GeneratedExercise(
        (said(presentation.prose("exercises.code.question", command=command)),), presentation.prose("exercises.code.hint"),
        (Code("\n".join(lines)),), LINES, about=frozenset(("code",)),
    )


def _backward(text: str) -> list[str]:
    """The lines of the loop that runs backwards."""
    rows = text.splitlines()
    first = next((i for i, row in enumerate(rows) if row.startswith("    for ") and "reversed(" in row), None)
    if first is None:
        return []
    inside = (i for i in range(first + 1, len(rows)) if not rows[i].startswith("        "))
    return [row[4:] for row in rows[first : next(inside, len(rows))]]


def _statements(lines: list[str]) -> int:
    return sum(isinstance(node, ast.stmt) for node in ast.walk(ast.parse("\n".join(lines))))
