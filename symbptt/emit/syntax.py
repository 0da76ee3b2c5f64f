"""Python's own syntax trees: what code reads and assigns."""

import ast
from collections.abc import Iterable


def names(tree: ast.AST | None, store: bool) -> frozenset[str]:
    """The names that a tree assigns, or those that it reads; `x += y` does both, `x[0] = y` reads x."""
    found = set[str]()
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) == store:
            found.add(node.id)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return frozenset(found)


def is_text(node: ast.AST) -> bool:
    """Whether a statement is nothing but a text, as a docstring is."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def read_by(entries: Iterable[str]) -> frozenset[str]:
    """The names that the entries of a dict read."""
    return names(ast.parse("{" + " ".join(entries) + "}", mode="eval"), store=False)
