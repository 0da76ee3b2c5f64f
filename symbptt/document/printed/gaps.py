"""The printed function with gaps: lines of the backward pass to be completed."""

import ast
from collections.abc import Iterable, Iterator

from symbptt.document.listing import NUMBER, called
from symbptt.document.printed.merged import COLUMN
from symbptt.model.values import Model

_GAP = ast.Constant(...)
_GIVEN = (ast.Name, ast.Subscript, ast.Constant)
"""Right sides that compute nothing."""


def gaps(text: str, model: Model) -> str:
    """The function without the right sides of what is computed on the way back, and without helpers that only these call."""
    given = {e.number for e in (*model.all_equations, *(model.loss.equations if model.loss else ()))}
    lines = text.splitlines()
    for statement in reversed(list(_statements(_functions(text)[0].body))):
        first, last = statement.lineno - 1, statement.end_lineno
        first -= lines[first - 1].lstrip().startswith("#")  # the number of a long statement stands above it
        found = next((match for line in lines[first:last] if (match := NUMBER.search(line))), None)
        if found and int(found[2]) not in given and not isinstance(statement.value, _GIVEN):
            line = " " * statement.col_offset + ast.unparse(_open(statement))
            lines[first:last] = [f"{line:<{COLUMN}}  {found.string[found.start():]}"]
    functions = _functions("\n".join(lines))
    bodies = {f.name: "\n".join(lines[f.lineno - 1 : f.end_lineno]) for f in functions}
    top = functions[0]
    kept = {top.name} | called(bodies[top.name], bodies)
    return "\n".join(lines[: top.lineno - 1]) + "\n" + "\n\n\n".join(bodies[name] for name in bodies if name in kept) + "\n"


def _functions(text: str) -> list[ast.FunctionDef]:
    return [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]


def _open(statement: ast.Assign | ast.AugAssign) -> ast.stmt:
    if isinstance(statement, ast.Assign):
        return ast.Assign(statement.targets, _GAP, lineno=0)
    return ast.AugAssign(statement.target, statement.op, _GAP)


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.Assign | ast.AugAssign]:
    for statement in body:
        if isinstance(statement, (ast.Assign, ast.AugAssign)):
            yield statement
        yield from _statements(getattr(statement, "body", ()))
