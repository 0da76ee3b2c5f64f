"""Where somebody's file computes a value: the line to look at."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from symbptt.diagnose.submission.signature import Source

Functions = dict[str, ast.FunctionDef]
Store = ast.Assign | ast.AugAssign
_LOOPS = (ast.For, ast.While)
_EMPTY = {"zeros", "zeros_like", "empty", "empty_like", "full", "full_like", "dict", "list", "defaultdict"}
"""Functions that make room for a value and do not compute it."""


def line(source: Source, function: str, names: Iterable[str]) -> str:
    """The line that `number` finds, with its number; empty if there is none."""
    return shown(source, number(source, function, names))


def shown(source: Source, number: int) -> str:
    """A line with its number; empty for 0."""
    return f"line {number}: {source.text.splitlines()[number - 1].strip()}" if number else ""


def number(source: Source, function: str, names: Iterable[str]) -> int:
    """The line of the last statement that computes one of these names, the first of them that is found; 0 if there is none.

    A name may be that of a variable or a key. What a call of another function of the file gives is looked for in that function.
    A statement in a loop goes before one outside.
    """
    functions = {node.name: node for node in source.tree.body if isinstance(node, ast.FunctionDef)}
    start = functions.get(function)
    for name in names:
        for part in (*([start] if start else []), *(f for n, f in functions.items() if n != function), source.tree):
            if (found := _computed(part, name, functions, frozenset([function]))) is not None:
                return found.lineno
    return 0


def _computed(part: ast.AST, name: str, functions: Functions, seen: frozenset[str]) -> ast.stmt | ast.expr | None:
    """The statement, or the entry of a dict, in a part of the file that computes a name."""
    alias = _alias(part, name)
    if alias is not None:
        return alias
    inside = [n for loop in ast.walk(part) if isinstance(loop, _LOOPS) for n in ast.walk(loop)]
    for nodes in (inside, [*ast.walk(part)]):
        stored = (s for s in nodes if isinstance(s, (ast.Assign, ast.AugAssign)) and _place(s, name) is not None)
        found = [s for s in stored if not _makes_room(s)]
        if found:
            last = max(found, key=lambda s: s.lineno)
            return _copied(part, last.value, functions, seen) or _called(last, name, functions, seen) or last
    for entry in (value for node in ast.walk(part) if isinstance(node, ast.Dict) for value in _entry(node, name)):
        return _copied(part, entry, functions, seen) or entry
    return None


def _entry(node: ast.Dict, name: str) -> list[ast.expr]:
    """The value of a key of a dict, unless it makes room only."""
    pairs = zip(node.keys, node.values, strict=True)
    return [v for k, v in pairs if isinstance(k, ast.Constant) and k.value == name and _function(v) not in _EMPTY]


def _copied(part: ast.AST, value: ast.expr, functions: Functions, seen: frozenset[str]) -> ast.stmt | ast.expr | None:
    """What computes the name that is copied, if a value is no more than a name."""
    if not isinstance(value, ast.Name) or f"={value.id}" in seen:
        return None
    return _computed(part, value.id, functions, seen | {f"={value.id}"})


def _called(statement: Store, name: str, functions: Functions, seen: frozenset[str]) -> ast.stmt | ast.expr | None:
    """The statement in another function of the file that computes what a call of it hands to a name."""
    call, place = statement.value, _place(statement, name)
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or place is None:
        return None
    inner = functions.get(call.func.id)
    if inner is None or inner.name in seen:
        return None
    returned = [node.value for node in ast.walk(inner) if isinstance(node, ast.Return) and node.value is not None]
    for value in returned[-1:]:
        parts = value.elts if isinstance(value, ast.Tuple) else [value]
        if place < len(parts):
            if isinstance(parts[place], ast.Name):
                return _computed(inner, parts[place].id, functions, seen | {inner.name})  # type: ignore[attr-defined]
            return next(node for node in ast.walk(inner) if isinstance(node, ast.Return) and node.value is value)
    return None


def _alias(part: ast.AST, name: str) -> ast.stmt | None:
    """The statement of `for d, W in ((da, dW_a), (db, dW_b)): W += d @ h` that adds to a name under another one."""
    for loop in (node for node in ast.walk(part) if isinstance(node, ast.For)):
        for row in _items(loop.iter):
            for item, target in zip(_items(row), _items(loop.target), strict=False):
                if isinstance(item, ast.Name) and item.id == name and isinstance(target, ast.Name):
                    added = [s for s in ast.walk(loop) if isinstance(s, ast.AugAssign) and _place(s, target.id) is not None]
                    if added:
                        return added[-1]
    return None


def _items(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, (ast.Tuple, ast.List)) else []


def _makes_room(statement: Store) -> bool:
    """Whether a statement stores zeros, an empty container or a number."""
    value = statement.value
    if isinstance(value, (ast.Dict, ast.List)):
        return isinstance(statement, ast.Assign)
    return all(isinstance(part, ast.Constant) or _function(part) in _EMPTY for part in (_items(value) or [value]))


def _function(node: ast.AST) -> str:
    """The name of the function that a call, or each round of a comprehension, calls; empty if there is none."""
    if isinstance(node, (ast.GeneratorExp, ast.ListComp)):
        node = node.elt
    elif isinstance(node, ast.DictComp):
        node = node.value
    called = node.func if isinstance(node, ast.Call) else None
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


def _place(statement: Store, name: str) -> int | None:
    """At which place a statement stores into a name, an entry of it, or an entry with the name as its key."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    for target in targets:
        for place, part in enumerate(target.elts if isinstance(target, ast.Tuple) else [target]):
            if _stores(part, name):
                return place
    return None


def _stores(part: ast.expr, name: str) -> bool:
    while isinstance(part, (ast.Subscript, ast.Attribute)):
        if isinstance(part, ast.Subscript) and isinstance(part.slice, ast.Constant) and part.slice.value == name:
            return True
        if isinstance(part, ast.Attribute) and part.attr == name:
            return True
        part = part.value
    return isinstance(part, ast.Name) and part.id == name
