"""Small changes of syntax trees, each on a copy."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator


def everywhere(tree: ast.expr, wanted: Callable[[ast.AST], bool]) -> Iterator[tuple[int, ast.expr]]:
    """The nodes of a tree that are wanted, with their places in the order of `ast.walk`."""
    yield from ((i, node) for i, node in enumerate(ast.walk(tree)) if isinstance(node, ast.expr) and wanted(node))


class _Swap(ast.NodeTransformer):
    def __init__(self, fits: Callable[[ast.AST], bool], new: ast.expr) -> None:
        self._fits, self._new = fits, new

    def visit(self, node: ast.AST) -> ast.AST:
        return copy.deepcopy(self._new) if self._fits(node) else self.generic_visit(node)


def _swapped(tree: ast.expr, fits: Callable[[ast.AST], bool], new: ast.expr) -> ast.expr:
    made = _Swap(fits, new).visit(tree)
    assert isinstance(made, ast.expr)
    return made


def replaced(tree: ast.expr, place: int, new: ast.expr) -> ast.expr:
    """A tree with the node at a place replaced."""
    made = copy.deepcopy(tree)
    old = [*ast.walk(made)][place]
    return _swapped(made, lambda node: node is old, new)


def put_for(tree: ast.expr, text: str, new: ast.expr) -> ast.expr:
    """A tree with every part that reads as `text` replaced."""
    return _swapped(copy.deepcopy(tree), lambda node: isinstance(node, ast.expr) and ast.unparse(node) == text, new)


def name(text: str) -> ast.Name:
    """A name."""
    return ast.Name(text, ast.Load())


def call(function: str, *arguments: ast.expr) -> ast.Call:
    """A call."""
    return ast.Call(name(function), list(arguments), [])


def expression(text: str) -> ast.expr:
    """The tree of a text of ours."""
    return ast.parse(text, mode="eval").body


def shifted(node: ast.expr, by: int) -> ast.expr:
    """An index one more or less, without t+0 or t-1+1."""
    base, offset = node, by
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return ast.Constant(node.value + by)
    if isinstance(node, ast.BinOp) and isinstance(node.right, ast.Constant) and isinstance(node.right.value, int):
        base, offset = node.left, by + (node.right.value if isinstance(node.op, ast.Add) else -node.right.value)
    if offset == 0:
        return base
    return ast.BinOp(base, ast.Add() if offset > 0 else ast.Sub(), ast.Constant(abs(offset)))


def is_range(node: ast.AST, *names: str) -> bool:
    """Whether a node is a sum or product over an index, with one of these names if any are given."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or len(node.args) != 4:
        return False
    return node.func.id in (names or ("sum", "prod", "rprod"))
