"""The emitted module taken apart: what students are given, and what they are asked for."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from symbptt.emit.syntax import is_text

_LOSS = '''\
def loss(parameters, residuals, targets):
    """The loss, summed over steps and samples."""
'''


@dataclass(frozen=True)
class Source:
    """The text of an emitted module in the plain style.

    `forward` are the functions that students are given, `backward` those that they are asked for, `loss` the function of the loss
    with its cotangents; `checks` are functions of which no call is kept.
    """

    text: str
    forward: tuple[str, ...] = ("_forward",)
    backward: tuple[str, ...] = ("_backward",)
    loss: str = "_loss"
    checks: frozenset[str] = frozenset()

    @cached_property
    def _parts(self) -> dict[str, ast.stmt]:
        """Functions and constants by name."""
        parts: dict[str, ast.stmt] = {}
        for node in ast.parse(self.text).body:
            if isinstance(node, ast.FunctionDef):
                parts[node.name] = node
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                parts[node.targets[0].id] = node
        return parts

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.splitlines()

    def _written(self, node: ast.stmt) -> str:
        without = {i for child in getattr(node, "body", ()) if self._checks(child) for i in _lines_of(child)}
        return "\n".join(self._lines[i - 1] for i in _lines_of(node) if i not in without)

    def _checks(self, node: ast.stmt) -> bool:
        call = node.value if isinstance(node, ast.Expr) else None
        return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in self.checks

    def _needed(self, names: Iterable[str], unless: frozenset[str] = frozenset()) -> tuple[str, ...]:
        """The names with those that they use, in the order of the module."""
        found: set[str] = set()
        waiting = [name for name in names if name not in unless]
        while waiting:
            name = waiting.pop()
            if name in self._parts and name not in found | unless:
                found.add(name)
                node = self._parts[name]
                waiting += _read(node) if not isinstance(node, ast.FunctionDef) else self._read_by(node)
        return tuple(name for name in self._parts if name in found)

    def _read_by(self, node: ast.FunctionDef) -> set[str]:
        return set().union(*(_read(n) for n in ast.iter_child_nodes(node) if not (isinstance(n, ast.stmt) and self._checks(n))))

    @cached_property
    def _loss(self) -> tuple[str, frozenset[str]]:
        """The function of the loss alone, and the helpers that it uses."""
        node = self._parts[self.loss]
        assert isinstance(node, ast.FunctionDef)
        kept = _slice(node)
        lines = [self._lines[i - 1] for statement in node.body for i in _numbers(statement, kept)]
        used = {name for statement in node.body for child in _single(statement, kept) for name in _read(child)}
        return "\n".join([*lines, f"    return {_of_return(node)}"]), frozenset(used)

    @property
    def _given(self) -> tuple[str, ...]:
        return self._needed([*self.forward, *self._loss[1]], frozenset({self.loss}))

    def given(self, forward: str = "", taken: str = "") -> str:
        """`forward(parameters, inputs, states)` and `loss(parameters, residuals, targets)` with their helpers.

        `forward` is the text of the former where it is none of the module's functions, `taken` the first line of the latter.
        """
        pieces = [self._written(self._parts[name]) for name in self._given]
        loss = f"{_LOSS}{taken}    mask = weights = None\n{self._loss[0]}"
        text = _joined([*pieces, *([forward] if forward else []), loss])
        return text if forward else text.replace(f"def {self.forward[0]}(", "def forward(", 1)

    @property
    def solution(self) -> str:
        """What computes the gradients, with those helpers that are not given."""
        names = self._needed([self.loss, *self.backward], frozenset(self._given))
        return _joined([self._written(self._parts[name]) for name in names])

    def kept(self, forward: str) -> tuple[str, ...]:
        """The names of what a function of the forward pass returns."""
        node = self._parts[forward]
        value = next(n.value for n in ast.walk(node) if isinstance(n, ast.Return))
        assert isinstance(value, ast.Dict)
        return tuple(key.value for key in value.keys if isinstance(key, ast.Constant) and isinstance(key.value, str))


def _joined(pieces: Sequence[str]) -> str:
    return "\n\n\n".join(piece.strip("\n") for piece in pieces) + "\n"


def _lines_of(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _read(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _of_return(node: ast.FunctionDef) -> str:
    """The first value that a function returns."""
    value = next(n.value for n in ast.walk(node) if isinstance(n, ast.Return))
    assert isinstance(value, ast.Tuple)
    return ast.unparse(value.elts[0])


def _bodies(statement: ast.stmt) -> list[ast.stmt]:
    return [*getattr(statement, "body", []), *getattr(statement, "orelse", [])]


def _head(statement: ast.stmt) -> set[str]:
    """What the first line of a loop or a condition reads."""
    return set().union(*(_read(part) for key in ("iter", "test") if (part := getattr(statement, key, None)) is not None))


def _assigned(statement: ast.stmt) -> set[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    named = [t for t in targets if t is not None]
    return {n.id for t in named for n in ast.walk(t) if isinstance(n, ast.Name) and _is_base(n, t)}


def _is_base(name: ast.Name, target: ast.AST) -> bool:
    while isinstance(target, ast.Subscript):
        target = target.value
    return name is target or (isinstance(target, ast.Tuple) and any(_is_base(name, part) for part in target.elts))


def _slice(function: ast.FunctionDef) -> set[ast.stmt]:
    """The statements on which the first value that a function returns depends."""
    wanted = {n.id for n in ast.walk(ast.parse(_of_return(function))) if isinstance(n, ast.Name)}
    kept: set[ast.stmt] = set()

    def sweep(statements: Sequence[ast.stmt]) -> bool:
        changed = False
        for statement in reversed(statements):
            if isinstance(statement, ast.Return) or is_text(statement):
                continue
            inner = _bodies(statement)
            if inner:
                changed |= sweep(inner)
                mine = any(child in kept for child in inner)
            else:
                mine = bool(_assigned(statement) & wanted)
            reads = _head(statement) if inner else _read(statement)
            if mine and (statement not in kept or not reads <= wanted):
                kept.add(statement)
                wanted.update(reads)
                changed = True
        return changed

    while sweep(function.body):
        pass
    return kept


def _single(statement: ast.stmt, kept: set[ast.stmt]) -> Iterator[ast.stmt]:
    """The kept statements without others inside."""
    inner = _bodies(statement)
    for child in inner:
        yield from _single(child, kept)
    if statement in kept and not inner:
        yield statement


def _numbers(statement: ast.stmt, kept: set[ast.stmt]) -> Iterator[int]:
    """The lines of what is kept of a statement."""
    if statement not in kept:
        return
    inner = _bodies(statement)
    assert statement.end_lineno is not None
    yield from range(statement.lineno, inner[0].lineno if inner else statement.end_lineno + 1)
    for child in inner:
        yield from _numbers(child, kept)
