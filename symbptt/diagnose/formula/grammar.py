"""From a syntax tree to a formula: every name, index and call is checked here, with its column."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from symbptt.algebra.functions import FUNCTIONS
from symbptt.diagnose.formula.operations import ELEMENTWISE, OF_VALUES, SIZED
from symbptt.diagnose.formula.tree import Node, binary, index, number, walk
from symbptt.errors import BadInput
from symbptt.model.place import Place
from symbptt.model.values import Model

RANGES = ("sum", "prod", "rprod")
DERIVATIVES = ("d", "D")
SAMPLES = "N"
MAX_STEP = 8
"""The latest step that a formula may name by its number."""
_OPERATORS: dict[type, str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@", ast.Pow: "**"}
_CALLS = tuple(dict.fromkeys((*RANGES, *DERIVATIVES, "slope", *OF_VALUES, *ELEMENTWISE)))


@dataclass(frozen=True)
class Names:
    """What the names of a formula can stand for in a model."""

    timed: frozenset[str]
    once: frozenset[str]
    visible: tuple[str, ...]

    @classmethod
    def of(cls, model: Model) -> Names:
        """The variables, their adjoints, the dimensions and the loss."""
        known = {v.name for v in model.variables}
        timed = {v.name for v in model.variables if v.timed} | ({"L"} if model.loss else set())
        once = known - timed
        timed |= {f"d{name}" for name in timed if f"d{name}" not in known}
        once |= {f"d{name}" for name in once if f"d{name}" not in known}
        shown = [v.name for v in model.variables if v.definition is None]
        extra = {*model.dimensions, *({SAMPLES} - known), *({"L"} if model.loss else ())}
        return cls(frozenset(timed), frozenset(once | extra), tuple(shown))


@dataclass
class Reader:
    """Reads syntax trees as formulas of a model; `columns` tells where each part stood first."""

    names: Names
    place: Place
    columns: dict[Node, Place] = field(default_factory=dict)

    def read(self, tree: ast.expr, bound: Iterable[str]) -> Node:
        """A side; raises BadInput, with a column, for text that is not a formula."""
        return self._value(tree, tuple(bound))

    def error(self, node: ast.AST, message: str) -> BadInput:
        """A refusal at a place."""
        return self._at(node).error(message)

    def _at(self, node: ast.AST) -> Place:
        return self.place.at(max(1, getattr(node, "col_offset", 0) + 1))

    def _value(self, node: ast.expr, bound: tuple[str, ...]) -> Node:
        reader = _READERS.get(type(node))
        if reader is None:
            raise self.error(node, f"{ast.unparse(node)} cannot stand in a formula")
        made = reader(self, node, bound)
        self.columns.setdefault(made, self._at(node))
        return made

    def number(self, node: ast.Constant, bound: tuple[str, ...]) -> Node:
        """A number."""
        return number(repr(node.value))

    def name(self, node: ast.Name, bound: tuple[str, ...]) -> Node:
        """An index, a size, or a value that has no step."""
        if node.id in bound or node.id == "T":
            return index(node.id)
        if node.id in self.names.once:
            return Node("name", node.id)
        if node.id == "L":
            return Node("name", "L")
        if node.id in self.names.timed:
            raise self.error(node, f"{node.id} has a value for each step; write {node.id}[t] or another step")
        raise self._unknown(node)

    def _unknown(self, node: ast.Name) -> BadInput:
        if len(node.id) == 1 and node.id.islower():
            message = f"{node.id} is no index here and no variable; indices come from sum, prod and the left side"
            return self.error(node, message)
        known = (*self.names.visible, *(f"d{name}" for name in self.names.visible))
        near = self._at(node).unknown("variable", node.id, known if node.id.startswith("d") else self.names.visible)
        return near

    def subscript(self, node: ast.Subscript, bound: tuple[str, ...]) -> Node:
        """The value of a step."""
        if not isinstance(node.value, ast.Name):
            raise self.error(node, f"only a variable has steps, not {ast.unparse(node.value)}")
        name = node.value.id
        if isinstance(node.slice, ast.Slice):
            raise self.error(node, f"{ast.unparse(node)} has no meaning in a formula; write one step, as {name}[t]")
        if name not in self.names.timed and name not in self.names.once:
            raise self._unknown(node.value)
        if name in self.names.once and name[1:] not in self.names.once and name not in self.names.visible:
            raise self.error(node, f"{name} is a number and has no steps")
        return Node("step", name, (self.index(node.slice, bound),))

    def index(self, node: ast.expr, bound: tuple[str, ...]) -> Node:
        """A step: a bound name, T, an integer, or a sum or difference of these."""
        made: Node | None = None
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            if node.value > MAX_STEP:
                raise self.error(node, f"formulas are tried with at most {MAX_STEP} steps; write T or an index for {node.value}")
            made = number(str(node.value))
        elif isinstance(node, ast.Name):
            if node.id not in bound and node.id != "T":
                raise self.error(node, f"{node.id} is no index here; indices come from sum, prod and the left side")
            made = index(node.id)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant) and isinstance(node.operand.value, int):
            made = number(str(-node.operand.value if isinstance(node.op, ast.USub) else node.operand.value))
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
            made = binary(_OPERATORS[type(node.op)], self.index(node.left, bound), self.index(node.right, bound))
        if made is None:
            raise self.error(node, f"expected an index such as t-1, not {ast.unparse(node)}")
        self.columns.setdefault(made, self._at(node))
        return made

    def unary(self, node: ast.UnaryOp, bound: tuple[str, ...]) -> Node:
        """A sign."""
        operand = self._value(node.operand, bound)
        return Node("neg", "", (operand,)) if isinstance(node.op, ast.USub) else operand

    def binary(self, node: ast.BinOp, bound: tuple[str, ...]) -> Node:
        """An operation of two sides."""
        return binary(_OPERATORS[type(node.op)], self._value(node.left, bound), self._value(node.right, bound))

    def transpose(self, node: ast.Attribute, bound: tuple[str, ...]) -> Node:
        """A transpose."""
        return Node("T", "", (self._value(node.value, bound),))

    def call(self, node: ast.Call, bound: tuple[str, ...]) -> Node:
        """A function, a sum or product over steps, or a derivative."""
        assert isinstance(node.func, ast.Name)
        name, count = node.func.id, len(node.args)
        if name not in _CALLS:
            raise self._at(node).unknown("function", name, _CALLS)
        if name in RANGES and (count == 4 or name != "sum"):
            return self._range(name, node, bound)
        if name == "sum" and count != 1:
            raise self.error(node, f"sum takes 1 or 4 arguments, not {count}")
        if name in DERIVATIVES:
            self._count(node, (2, 2), "arguments")
            return Node("derivative", name, tuple(self._variable(a, bound) for a in node.args))
        if name == "slope":
            return self._slope(node, bound)
        self._count(node, OF_VALUES[name][0] if name in OF_VALUES else (1, 1), "operands")
        parts = tuple(self._value(a, bound) for a in node.args)
        for size, part in zip(node.args, parts, strict=True) if name in SIZED else ():
            if any(n.op not in ("number", "name", "+", "-", "*") for n in walk(part)):
                raise self.error(size, f"{name} expects a dimension, as in {name}(H), not {part}")
        return Node("call", name, (*parts, *self._keywords(node, name)))

    def _keywords(self, node: ast.Call, name: str) -> tuple[Node, ...]:
        known = [key for key, _ in FUNCTIONS[name].arguments] if name in FUNCTIONS else []
        made = []
        for keyword in node.keywords:
            if keyword.arg not in known:
                takes = f"only {', '.join(known)}" if known else "nothing"
                raise self.error(keyword, f"{name} takes {takes} by name in a formula, not {keyword.arg}")
            if not isinstance(keyword.value, ast.Constant):
                raise self.error(keyword, f"{keyword.arg} is a number, not {ast.unparse(keyword.value)}")
            made.append(Node("keyword", str(keyword.arg), (number(repr(keyword.value.value)),)))
        return tuple(made)

    def _count(self, node: ast.Call, counts: tuple[int, int], what: str) -> None:
        assert isinstance(node.func, ast.Name)
        least, most = counts
        if not least <= len(node.args) <= most:
            wanted = f"{least}" if least == most else f"{least} to {most}"
            what = what if most > 1 else what.removesuffix("s")
            raise self.error(node, f"{node.func.id} takes {wanted} {what}, not {len(node.args)}")
        if node.keywords and node.func.id not in FUNCTIONS:
            raise self.error(node, f"{node.func.id} takes no named arguments in a formula")

    def _slope(self, node: ast.Call, bound: tuple[str, ...]) -> Node:
        self._count(node, (2, 2), "arguments")
        function = node.args[0]
        name = function.id if isinstance(function, ast.Name) else ""
        if name == "activation":
            raise self.error(function, "write the activation's name, as in slope(tanh, a[t])")
        if name not in FUNCTIONS:
            raise self._at(function).unknown("function", name or ast.unparse(function), ELEMENTWISE)
        return Node("call", "slope", (Node("name", name), self._value(node.args[1], bound), *self._keywords(node, name)))

    def _range(self, name: str, node: ast.Call, bound: tuple[str, ...]) -> Node:
        self._count(node, (4, 4), "arguments")
        over, first, last, body = node.args
        if not isinstance(over, ast.Name) or over.id in bound or over.id == "T":
            raise self.error(over, f"{ast.unparse(over)} cannot be the index of a sum or product")
        if isinstance(last, ast.Name) and last.id == SAMPLES:
            message = "formulas are for one sample, and the gradient of a batch is their sum; leave the sum over samples out"
            raise self.error(last, message)
        ends = (self.index(first, bound), self.index(last, bound))
        return Node("range", name, (index(over.id), *ends, self._value(body, (*bound, over.id))))

    def _variable(self, node: ast.expr, bound: tuple[str, ...]) -> Node:
        """The variable, with its step, that a derivative is of or by."""
        name = node.value if isinstance(node, ast.Subscript) else node
        if not isinstance(name, ast.Name):
            raise self.error(node, f"a derivative is of and by variables, as d(h[t], h[t-1]), not {ast.unparse(node)}")
        if name.id not in self.names.visible and name.id != "L" and name.id not in self.names.once | self.names.timed:
            raise self._at(name).unknown("variable", name.id, self.names.visible)
        if name.id not in self.names.visible and name.id != "L" and name.id[:1] == "d":
            raise self.error(name, f"a derivative is of and by variables, as d(h[t], h[t-1]), not {name.id}")
        made = self.subscript(node, bound) if isinstance(node, ast.Subscript) else self._value(node, bound)
        if made.op not in ("step", "name") or (made.op == "name" and made.label in (SAMPLES,)):
            raise self.error(node, f"a derivative is of and by variables, as d(h[t], h[t-1]), not {ast.unparse(node)}")
        return made


_READERS: Mapping[type, Callable[[Reader, Any, tuple[str, ...]], Node]] = {
    ast.Constant: Reader.number, ast.Name: Reader.name, ast.Subscript: Reader.subscript, ast.UnaryOp: Reader.unary,
    ast.BinOp: Reader.binary, ast.Attribute: Reader.transpose, ast.Call: Reader.call,
}
