"""Python's own syntax trees: what code reads and assigns, and its text."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable
from functools import singledispatch

SUM, PRODUCT, SIGN, POWER, ATOM = range(1, 6)
"""How strongly an operator binds; what is no arithmetic binds less than all of them."""
_OPERATORS: dict[type[ast.AST], tuple[str, int]] = {
    ast.Add: ("+", SUM), ast.Sub: ("-", SUM), ast.Mult: ("*", PRODUCT), ast.Div: ("/", PRODUCT), ast.FloorDiv: ("//", PRODUCT),
    ast.MatMult: ("@", PRODUCT), ast.Pow: ("**", POWER),
}


def names(tree: ast.AST | None, store: bool) -> frozenset[str]:
    """The names that a tree assigns, or those that it reads; `x += y` does both, `x[0] = y` reads x."""
    found = set[str]()
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) == store:
            found.add(node.id)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return frozenset(found)


def read_by(entries: Iterable[str]) -> frozenset[str]:
    """The names that the entries of a dict read."""
    return names(ast.parse("{" + " ".join(entries) + "}", mode="eval"), store=False)


def text(tree: ast.AST, least: int = 0) -> str:
    """A tree as text, in parentheses if it binds less than `least`."""
    shown, strength = _shown(tree)
    return shown if strength >= least else f"({shown})"


@singledispatch
def _shown(tree: ast.AST) -> tuple[str, int]:
    """The text of a tree and how strongly it binds."""
    return ast.unparse(tree), 0


@_shown.register
def _name(tree: ast.Name) -> tuple[str, int]:
    return tree.id, ATOM


@_shown.register
def _constant(tree: ast.Constant) -> tuple[str, int]:
    if isinstance(tree.value, str):
        return json.dumps(tree.value, ensure_ascii=False), ATOM
    return "..." if tree.value is ... else repr(tree.value), ATOM


@_shown.register
def _attribute(tree: ast.Attribute) -> tuple[str, int]:
    return f"{text(tree.value, ATOM)}.{tree.attr}", ATOM


@_shown.register
def _call(tree: ast.Call) -> tuple[str, int]:
    given = [*map(text, tree.args), *(f"{k.arg}={text(k.value)}" if k.arg else f"**{text(k.value)}" for k in tree.keywords)]
    alone = len(given) == 1 and bool(tree.args) and isinstance(tree.args[0], ast.GeneratorExp)
    return text(tree.func, ATOM) + (given[0] if alone else f"({', '.join(given)})"), ATOM


@_shown.register
def _subscript(tree: ast.Subscript) -> tuple[str, int]:
    index = tree.slice
    inside = ", ".join(map(text, index.elts)) if isinstance(index, ast.Tuple) and len(index.elts) > 1 else text(index)
    return f"{text(tree.value, ATOM)}[{inside}]", ATOM


@_shown.register
def _slice(tree: ast.Slice) -> tuple[str, int]:
    parts = [text(part) if part else "" for part in (tree.lower, tree.upper)]
    wide = any(isinstance(part, ast.BinOp) for part in (tree.lower, tree.upper))
    step = f":{text(tree.step)}" if tree.step else ""
    return (" : " if wide and all(parts) else ":").join(parts) + step, ATOM


@_shown.register
def _binary(tree: ast.BinOp) -> tuple[str, int]:
    if type(tree.op) not in _OPERATORS:
        return ast.unparse(tree), 0
    sign, strength = _OPERATORS[type(tree.op)]
    right = tree.right
    if strength == POWER:
        return f"{text(tree.left, ATOM)} ** {text(right, ATOM)}", POWER
    if sign == "+" and isinstance(right, ast.UnaryOp) and isinstance(right.op, ast.USub):
        sign, right = "-", right.operand
    return f"{text(tree.left, strength)} {sign} {text(right, strength + 1)}", strength


@_shown.register
def _unary(tree: ast.UnaryOp) -> tuple[str, int]:
    if isinstance(tree.op, ast.Not):
        return f"not {text(tree.operand, SUM)}", 0
    return f"-{text(tree.operand, PRODUCT)}", SUM


@_shown.register
def _tuple(tree: ast.Tuple) -> tuple[str, int]:
    return f"({', '.join(map(text, tree.elts))}{',' * (len(tree.elts) == 1)})", ATOM


@_shown.register
def _starred(tree: ast.Starred) -> tuple[str, int]:
    return f"*{text(tree.value, SUM)}", 0


@_shown.register
def _choice(tree: ast.IfExp) -> tuple[str, int]:
    return f"{text(tree.body, 1)} if {text(tree.test, 1)} else {text(tree.orelse)}", 0
