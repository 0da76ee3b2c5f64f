"""Where somebody's file computes a result: the line to look at."""

from __future__ import annotations

import ast

from symbptt.diagnose.foreign.signature import Source

_LOOPS = (ast.For, ast.While)


def line(source: Source, function: str, name: str) -> str:
    """The last statement that assigns or adds to a name or a key, in the function or else anywhere, in a loop if there is one.

    Empty if there is none.
    """
    functions = [node for node in source.tree.body if isinstance(node, ast.FunctionDef) and node.name == function]
    for part in (*functions, source.tree):
        inside = [n for loop in ast.walk(part) if isinstance(loop, _LOOPS) for n in ast.walk(loop)]
        for nodes in (inside, [*ast.walk(part)]):
            found = [n for n in nodes if isinstance(n, (ast.Assign, ast.AugAssign)) and _is_of(n, name)]
            if found:
                last = max(found, key=lambda n: n.lineno)
                return f"line {last.lineno}: {source.text.splitlines()[last.lineno - 1].strip()}"
    return ""


def _is_of(statement: ast.Assign | ast.AugAssign, name: str) -> bool:
    """Whether a statement stores into a name, an entry of it, or an entry with the name as its key."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    for target in (part for t in targets for part in (t.elts if isinstance(t, ast.Tuple) else [t])):
        while isinstance(target, ast.Subscript):
            if isinstance(target.slice, ast.Constant) and target.slice.value == name:
                return True
            target = target.value
        if isinstance(target, ast.Name) and target.id == name:
            return True
    return False
