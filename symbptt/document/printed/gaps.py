"""The printed function with gaps: lines of the backward pass to be completed."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from symbptt.document.listing import NUMBER
from symbptt.model.values import Model

GAP = "..."
_GIVEN = (ast.Name, ast.Subscript, ast.Constant)
"""Right sides that compute nothing."""


def gaps(text: str, model: Model) -> str:
    """The function without the right sides of what is computed on the way back, and without helpers that only these call."""
    given = {e.number for e in (*model.all_equations, *(model.loss.equations if model.loss else ()))}
    lines, functions = text.splitlines(), [n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)]
    for statement in _statements(functions[0].body):
        found = NUMBER.search(lines[statement.lineno - 1])
        if found and int(found[2]) not in given and not isinstance(statement.value, _GIVEN):
            line = lines[statement.lineno - 1]
            head = line.encode()[: statement.value.col_offset].decode()
            lines[statement.lineno - 1] = f"{head}{GAP}".ljust(found.start()) + line[found.start():]
    bodies = {f.name: "\n".join(lines[f.lineno - 1 : f.end_lineno]) for f in functions}
    first = functions[0]
    kept = _called(bodies, first.name)
    return "\n".join(lines[: first.lineno - 1]) + "\n" + "\n\n\n".join(bodies[name] for name in bodies if name in kept) + "\n"


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.Assign | ast.AugAssign]:
    for statement in body:
        if isinstance(statement, (ast.Assign, ast.AugAssign)):
            yield statement
        yield from _statements(getattr(statement, "body", ()))


def _called(bodies: dict[str, str], first: str) -> set[str]:
    """The functions that a function needs, itself included."""
    found, waiting = {first}, [first]
    while waiting:
        names = {n.id for n in ast.walk(ast.parse(bodies[waiting.pop()])) if isinstance(n, ast.Name)} & set(bodies) - found
        found |= names
        waiting += names
    return found
