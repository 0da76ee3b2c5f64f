"""Formulas as values: nodes that compare and hash by structure, their text, and small changes of them.

    op           label            parts
    number       "2"              ()
    index        "t", "T"         ()                        a step, bound by a sum, a product or the left side
    name         "W_hh", "H"      ()                        what has no step
    step         "h", "dh"        (index,)                  the value or the adjoint of a step
    + - * / @ **                  (left, right)
    neg, T                        (operand,)
    call         "softmax"        operands, then keywords
    keyword      "n"              (number,)
    range        "sum"            (index, first, last, body)
    derivative   "d", "D"         (of, by)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

BINARY = ("+", "-", "*", "/", "@", "**")
_LEVELS = {"+": 1, "-": 1, "*": 2, "/": 2, "@": 2, "neg": 3, "**": 4}
_ATOM = 5

Path = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Node:
    """A formula or a part of one; `free` are the indices that it leaves open, sorted."""

    op: str
    label: str = ""
    parts: tuple[Node, ...] = ()
    free: tuple[str, ...] = field(init=False, repr=False)
    size: int = field(init=False, repr=False)
    _hash: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "_hash", hash((self.op, self.label, self.parts)))
        set_(self, "size", 1 + sum(p.size for p in self.parts))
        found = {name for part in self.parts for name in part.free}
        if self.op == "index" and self.label != "T":
            found.add(self.label)
        if self.op == "range":
            name, first, last, body = self.parts
            found = (set(body.free) - {name.label}) | set(first.free) | set(last.free)
        set_(self, "free", tuple(sorted(found)))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Node) or self._hash != other._hash:
            return False
        return (self.op, self.label, self.parts) == (other.op, other.label, other.parts)

    def __str__(self) -> str:
        return _text(self, False)


def number(value: float | str) -> Node:
    """A number, written as short as it can be."""
    return Node("number", value if isinstance(value, str) else f"{value:g}")


def index(name: str) -> Node:
    """A step by its name."""
    return Node("index", name)


def binary(op: str, left: Node, right: Node) -> Node:
    """left op right."""
    return Node(op, "", (left, right))


def call(name: str, *parts: Node) -> Node:
    """name(parts)."""
    return Node("call", name, parts)


def transposed(node: Node) -> Node:
    """node.T, without two transposes on top of each other."""
    return node.parts[0] if node.op == "T" else Node("T", "", (node,))


def _level(node: Node) -> int:
    return _LEVELS.get(node.op, _ATOM)


def _text(node: Node, tight: bool) -> str:
    """The formula language; `tight` within an index, h[t-1]."""
    def part(i: int, least: int) -> str:
        inner = _text(node.parts[i], tight)
        return inner if _level(node.parts[i]) >= least else f"({inner})"

    if node.op == "**":
        return f"{part(0, _ATOM)}**{part(1, 4)}"
    if node.op in BINARY:
        level = _level(node)
        space = "" if tight else " "
        return f"{part(0, level)}{space}{node.op}{space}{part(1, level + 1)}"
    if node.op == "neg":
        return f"-{part(0, 3)}"
    if node.op == "T":
        return f"{part(0, _ATOM)}.T"
    if node.op == "step":
        return f"{node.label}[{_text(node.parts[0], True)}]"
    if node.op == "keyword":
        return f"{node.label}={part(0, 0)}"
    if node.op in ("call", "derivative"):
        return f"{node.label}({', '.join(_text(p, tight) for p in node.parts)})"
    if node.op == "range":
        name, first, last, body = node.parts
        return f"{node.label}({name}, {_text(first, True)}, {_text(last, True)}, {body})"
    return node.label


def walk(node: Node) -> Iterator[Node]:
    """A node and everything in it, from left to right."""
    yield node
    for part in node.parts:
        yield from walk(part)


def is_value(node: Node) -> bool:
    """Whether a node stands for a number or a matrix, not for a step or a name of a function."""
    return node.op not in ("index", "keyword")


def values(node: Node, scope: tuple[str, ...] = (), path: Path = ()) -> Iterator[tuple[Path, Node, tuple[str, ...]]]:
    """The parts that are values, with their paths and the indices that may stand there."""
    yield path, node, scope
    for i, part in enumerate(node.parts):
        if node.op == "step" or (node.op == "range" and i < 3) or not is_value(part) or node.op in ("derivative", "keyword"):
            continue
        if node.op == "call" and node.label == "slope" and i == 0:
            continue
        if node.op == "**" and i == 1:
            continue
        inner = (*scope, node.parts[0].label) if node.op == "range" else scope
        yield from values(part, inner, (*path, i))


def at(node: Node, path: Path) -> Node:
    """The part at a path."""
    for i in path:
        node = node.parts[i]
    return node


def put(node: Node, path: Path, new: Node) -> Node:
    """A formula with the part at a path replaced."""
    if not path:
        return new
    i, *rest = path
    parts = (*node.parts[:i], put(node.parts[i], tuple(rest), new), *node.parts[i + 1 :])
    return Node(node.op, node.label, parts)


def rebuilt(node: Node, change: Callable[[Node], Node | None]) -> Node:
    """A formula in which every part for which `change` has something is replaced by that."""
    new = change(node)
    if new is not None:
        return new
    parts = tuple(rebuilt(p, change) for p in node.parts)
    return node if all(a is b for a, b in zip(parts, node.parts, strict=True)) else Node(node.op, node.label, parts)


def everywhere(node: Node, old: Node, new: Node) -> Node:
    """A formula with every part that equals `old` replaced."""
    return rebuilt(node, lambda n: new if n == old else None)


def shifted(node: Node, by: int) -> Node:
    """An index one more or less, without t+0 or t-1+1."""
    if node.op == "number":
        return number(str(int(node.label) + by))
    base, offset = node, by
    if node.op in ("+", "-") and node.parts[1].op == "number":
        base = node.parts[0]
        offset += int(node.parts[1].label) * (1 if node.op == "+" else -1)
    if offset == 0:
        return base
    return binary("+" if offset > 0 else "-", base, number(str(abs(offset))))


def flat(node: Node, ops: tuple[str, ...]) -> list[tuple[str, Node]]:
    """The operands of a chain of these operators, which bind to the left, each with the operator before it."""
    if node.op not in ops:
        return [(ops[0], node)]
    left, right = node.parts
    return [*flat(left, ops), (node.op, right)]


def folded(parts: list[tuple[str, Node]]) -> Node:
    """The chain of these operands; the operator of the first is left out, a minus becomes a sign."""
    (sign, made), *rest = parts
    if sign == "-":
        made = Node("neg", "", (made,))
    for op, node in rest:
        made = binary(op, made, node)
    return made
