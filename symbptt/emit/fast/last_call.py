"""The last operation of a matrix as a call that writes into an array."""

import numpy as np
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.head_nodes import OfHeads
from symbptt.emit.contraction import contracted, is_spread
from symbptt.emit.lowering import Lowering
from symbptt.emit.tree import ADD, Call, Infix, Postfix, Sum, Tree

SIGNS = {"*": "multiply", "/": "divide", "@": "matmul"}
"""The ufuncs of operations."""


def last_call(lower: Lowering, value: MatrixExpr, into: str) -> str:
    """The call that does the last operation of a matrix of each sample into an array; empty where that is no ufunc's."""
    if value.has(OfHeads) or 1 in value.shape:
        return ""
    code = lower.whole(value)
    found = _last(code.tree) if code.batched else None
    if found is None:
        return ""
    function, parts = found
    if lower.contracts and function == "multiply" and any(map(is_spread, parts)):
        made = contracted(parts[0], parts[1], "ij")
        function, parts = made.function, made.arguments
    return f"np.{function}({', '.join(part.at(ADD) for part in parts)}, out={into})"


def _last(tree: Tree) -> tuple[str, tuple[Tree, ...]] | None:
    """The ufunc of an expression's last operation, and its arguments; a sign goes to the factor that is spread, if one is."""
    if isinstance(tree, Sum):
        *first, last = tree.terms
        if first:
            return "subtract" if tree.minus[-1] else "add", (Sum(tuple(first), tree.minus[:-1]), last)
        inner = _last(last)
        if not tree.minus[0] or inner is None:
            return inner
        if inner[0] not in SIGNS.values():
            return None
        left, right = inner[1]
        return inner[0], ((left, _negative(right)) if is_spread(right) else (_negative(left), right))
    if isinstance(tree, Infix) and tree.sign in SIGNS:
        return SIGNS[tree.sign], (tree.left, tree.right)
    if isinstance(tree, Call) and not tree.own and isinstance(getattr(np, tree.function, None), np.ufunc):
        return tree.function, tree.arguments
    return None


def _negative(tree: Tree) -> Tree:
    return Postfix(-tree.inner, tree.text) if isinstance(tree, Postfix) and is_spread(tree) else -tree
