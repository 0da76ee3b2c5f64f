"""Statements without what serves the contract of a module: weights, foreign cotangents, precisions, checks."""

import ast
import re
from collections.abc import Set


def simple(node: ast.AST, unused: Set[str], classes: Set[str]) -> ast.AST:
    """A statement or expression without weights, foreign cotangents, precisions and checks."""
    return _Simple(unused, classes).visit(node)


class _Simple(ast.NodeTransformer):
    """The rewriting, node by node."""

    def __init__(self, unused: Set[str], classes: Set[str]) -> None:
        self.unused, self.classes = unused, classes

    def _gone(self, node: ast.expr) -> bool:
        inner = node.value if isinstance(node, ast.Subscript) else node
        return isinstance(inner, ast.Name) and inner.id in self.unused

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Without a factor of ones or a summand of zeros."""
        if isinstance(node.op, (ast.Mult, ast.Add)):
            if self._gone(node.left):
                return self.visit(node.right)
            if self._gone(node.right):
                return self.visit(node.left)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """The precision is that of Python's floats, and there is no mask."""
        return {"dtype": ast.Name("float"), "mask": ast.Constant(None)}.get(node.id, node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """Whether a state started from its parameter is whether none was given."""
        if ast.unparse(node.comparators[0]) == "residuals['_started']":
            return ast.parse(f"{ast.unparse(node.left)} not in (states or {{}})", mode="eval").body
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Helpers of the contract as plain NumPy."""
        called, text = ast.unparse(node.func), ast.unparse(node)
        if called in ("np.empty", "np.zeros") and len(node.args) == 2:
            node.args.pop()
        if called == "_weight":
            return ast.parse("np.ones((T, N, 1))", mode="eval").body
        if called == "_as":
            return self.visit(node.args[0])
        if called == "_initial":
            start = node.args[4] if len(node.args) > 4 else ast.Constant(0.0)
            name = ast.unparse(node.args[1])
            return ast.parse(f"(states or {{}}).get({name}, {ast.unparse(self.visit(start))})", mode="eval").body
        if called == "_target" and (target := re.search(r"targets\['(\w+)'\]", text)):
            array = ast.unparse(node.args[0])
            classes = f"(np.asarray({array})[..., None] == np.arange({ast.unparse(node.args[1])})) * 1.0"
            whole = classes if target[1] in self.classes else f"np.asarray({array})"
            return ast.parse(whole, mode="eval").body
        return self.generic_visit(node)
