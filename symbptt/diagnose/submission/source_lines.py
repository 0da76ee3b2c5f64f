"""Where somebody's file computes a value: the line to look at."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, replace

from symbptt.diagnose.submission.signature import Source
from symbptt.diagnose.submission.text_keys import text_of

Functions = dict[str, ast.FunctionDef]
Store = ast.Assign | ast.AugAssign
_LOOPS = (ast.For, ast.While)
_EMPTY = {"zeros", "zeros_like", "empty", "empty_like", "full", "full_like", "dict", "list", "defaultdict"}
"""Functions that make room for a value and do not compute it."""
_LEFT_OUT = ("overwritten", "factor-missing", "slope-missing", "route-missing")
"""Causes by which a statement that only copies a value is wrong itself."""
_ASSIGNED, _LOOP = "overwritten", "step-missing"
"""Causes by which a statement of a loop is wrong wherever its value comes from, and by which the loop around it is."""


def line(source: Source, function: str, names: Iterable[str], carry: bool = False, cause: str = "") -> str:
    """The line that `number` finds, with its number; empty if there is none."""
    return shown(source, number(source, function, names, carry, cause))


def shown(source: Source, number: int) -> str:
    """A line with its number; empty for 0."""
    return f"line {number}: {source.text.splitlines()[number - 1].strip()}" if number else ""


def number(source: Source, function: str, names: Iterable[str], carry: bool = False, cause: str = "") -> int:
    """The line of the last statement that computes one of these names, the first of them that is found; 0 if there is none.

    A name may be that of a variable or a key; `function` may be Class.method. What a call of another function of the file gives
    is looked for in that function, and so is what comes out of a dict. A statement in a loop goes before one outside, and of
    several in a loop those whose value the loop reads afterwards, with `carry` those that leave it to the next round. For some
    causes something is missing where the name is set: a copy of what is read elsewhere as well is the statement itself. For a
    step that is missing it is the head of the loop.
    """
    functions = _functions(source.tree, function)
    start = functions.get(function.rpartition(".")[2])
    for name in names:
        for part in (*([start] if start else []), *(f for f in functions.values() if f is not start), source.tree):
            seen = frozenset([part.name]) if isinstance(part, ast.FunctionDef) else frozenset()
            if (found := _Search(part, functions, carry, cause).computed(name, seen)) is not None:
                return _around(part, found).lineno if cause == _LOOP else found.lineno
    return 0


def _functions(tree: ast.Module, first: str) -> Functions:
    """The functions and methods by their bare names; of several with one name those beside the first function go before."""
    owner = first.rpartition(".")[0]
    classes = sorted((node for node in tree.body if isinstance(node, ast.ClassDef)), key=lambda c: c.name == owner)
    bodies = [tree.body, *(c.body for c in classes)] if owner else [*(c.body for c in classes), tree.body]
    return {node.name: node for body in bodies for node in body if isinstance(node, ast.FunctionDef)}


@dataclass(frozen=True)
class _Search:
    """A search in a part of the file."""

    part: ast.AST
    functions: Functions
    carry: bool
    cause: str

    def computed(self, name: str, seen: frozenset[str]) -> ast.stmt | ast.expr | None:
        """The statement, or the entry of a dict, that computes a name."""
        alias = _alias(self.part, name)
        if alias is not None:
            return alias
        inside = [n for loop in ast.walk(self.part) if isinstance(loop, _LOOPS) for n in ast.walk(loop)]
        for nodes in (inside, [*ast.walk(self.part)]):
            stored = (s for s in nodes if isinstance(s, (ast.Assign, ast.AugAssign)) and _place(s, name) is not None)
            found = [s for s in stored if not _makes_room(s)]
            if found:
                last = max(found, key=lambda s: (self._read_later(s, name) is not self.carry, s.lineno))
                itself = self.cause == _LOOP or (self.cause == _ASSIGNED and nodes is inside and isinstance(last, ast.Assign))
                return last if itself else self._behind(last, name, seen) or last
        for entry in (value for node in ast.walk(self.part) if isinstance(node, ast.Dict) for value in _entry(node, name)):
            return self._copied(entry, seen) or entry
        return None

    def _read_later(self, statement: Store, name: str) -> bool:
        """Whether the same round of the innermost loop around a statement reads what it stores."""
        around = [n for n in ast.walk(self.part) if isinstance(n, _LOOPS) and any(s is statement for s in ast.walk(n))]
        nodes = [n for loop in around[-1:] for n in ast.walk(loop) if getattr(n, "lineno", 0) > statement.lineno]
        places = {id(n.value) for n in nodes if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store)}
        named = (n for n in nodes if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load))
        return any(id(n) not in places for n in named)

    def _behind(self, statement: Store, name: str, seen: frozenset[str]) -> ast.stmt | ast.expr | None:
        """What computes the value that a statement only hands on."""
        value = _handed(statement, name)
        if isinstance(value, ast.Subscript) and (key := text_of(value.slice)) is not None:
            return (None if self.carry else self._elsewhere(name, seen)) or self._elsewhere(key, seen)
        if not isinstance(value, ast.Name):
            return self._called(statement, name, seen)
        reads = sum(isinstance(n, ast.Name) and n.id == value.id and isinstance(n.ctx, ast.Load) for n in ast.walk(self.part))
        found = self._copied(value, seen)
        here = found is not None and any(n is found for n in ast.walk(self.part))
        kept = isinstance(statement, ast.AugAssign) or ((self.cause in _LEFT_OUT or self.carry) and _names(statement))
        return None if here and reads > 1 and kept else found

    def _copied(self, value: ast.expr, seen: frozenset[str]) -> ast.stmt | ast.expr | None:
        """What computes the name that is copied, if a value is no more than a name."""
        if not isinstance(value, ast.Name) or f"={value.id}" in seen:
            return None
        return self.computed(value.id, seen | {f"={value.id}"})

    def _elsewhere(self, key: str, seen: frozenset[str]) -> ast.stmt | ast.expr | None:
        """What computes the entry of a dict in another function of the file."""
        others = ((n, f) for n, f in self.functions.items() if n not in seen and f is not self.part)
        found = (replace(self, part=f).computed(key, seen | {n}) for n, f in others)
        return next((f for f in found if f is not None), None)

    def _called(self, statement: Store, name: str, seen: frozenset[str]) -> ast.stmt | ast.expr | None:
        """The statement in another function of the file that computes what a call of it hands to a name."""
        call, place = statement.value, _place(statement, name)
        inner = self.functions.get(_function(call)) if isinstance(call, ast.Call) else None
        if inner is None or inner.name in seen or place is None:
            return None
        returned = [node.value for node in ast.walk(inner) if isinstance(node, ast.Return) and node.value is not None]
        for value in returned[-1:]:
            parts = value.elts if isinstance(value, ast.Tuple) else [value]
            if place < len(parts):
                if isinstance(part := parts[place], ast.Name):
                    return replace(self, part=inner).computed(part.id, seen | {inner.name})
                return next(node for node in ast.walk(inner) if isinstance(node, ast.Return) and node.value is value)
        return None


def _around(part: ast.AST, statement: ast.stmt | ast.expr) -> ast.stmt | ast.expr:
    """The loop around a statement: of several the outermost that runs backwards, else the innermost."""
    loops = [n for n in ast.walk(part) if isinstance(n, ast.For) and any(s is statement for s in ast.walk(n))]
    return next((loop for loop in loops if _falls(loop.iter)), loops[-1] if loops else statement)


def _falls(steps: ast.expr) -> bool:
    """Whether a loop over these steps is written to run backwards: reversed(...), range(T, 0, -1), xs[::-1]."""
    return any(_function(n) == "reversed" or (isinstance(n, ast.UnaryOp) and isinstance(n.op, ast.USub)) for n in ast.walk(steps))


def _names(statement: Store) -> bool:
    """Whether a statement stores under a name or a key, not into a part of an array."""
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    key = target.slice if isinstance(target, ast.Subscript) else None
    return key is None or text_of(key) is not None


def _handed(statement: Store, name: str) -> ast.expr:
    """The value that a statement stores under a name: of one tuple stored into another, the part at its place."""
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    both = isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple)
    place = _place(statement, name)
    parts = _items(statement.value)
    return parts[place] if both and place is not None and place < len(parts) else statement.value


def _entry(node: ast.Dict, name: str) -> list[ast.expr]:
    """The value of a key of a dict, unless it makes room only."""
    pairs = zip(node.keys, node.values, strict=True)
    return [v for k, v in pairs if isinstance(k, ast.Constant) and k.value == name and _function(v) not in _EMPTY]


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
