"""Which names an expression reads, at which lag; and which parameters have one value per step."""

import ast
from dataclasses import dataclass

from symbptt.model.syntax import Parsed

MAX_LAG = 16
"""The largest lag."""


@dataclass(frozen=True)
class Reading:
    """A name read in an expression: `lag` 0 is the present step; `indexed` tells v[t] and v[t-1] from a plain v."""

    name: str
    lag: int
    indexed: bool
    node: ast.expr


def is_lagged(node: ast.AST) -> bool:
    """Whether a node is v[...] with a step, rather than a slice, in brackets."""
    return isinstance(node, ast.Subscript) and not isinstance(node.slice, (ast.Slice, ast.Tuple))


def step(node: ast.Subscript, parsed: Parsed) -> tuple[str, int]:
    """v and k of v[t-k]; raises BadInput on anything else in front of the brackets or in them."""
    if not isinstance(node.value, ast.Name):
        raise parsed.at(node).error("only a variable has steps, as in h[t-1]")
    name, index = node.value.id, node.slice
    if isinstance(index, ast.Name) and index.id == "t":
        return name, 0
    if isinstance(index, ast.BinOp) and isinstance(index.left, ast.Name) and index.left.id == "t":
        if isinstance(index.op, ast.Add):
            raise parsed.at(index).error(f"{name}[t+...] lies in the future; a step reads only itself and earlier steps")
        if isinstance(index.op, ast.Sub) and isinstance(index.right, ast.Constant) and isinstance(index.right.value, int):
            if 1 <= index.right.value <= MAX_LAG:
                return name, index.right.value
            raise parsed.at(index).error(f"a lag lies between 1 and {MAX_LAG}")
    raise parsed.at(index).error(f"expected a step such as {name}[t-1] or a slice such as {name}[0:3]")


def readings(parsed: Parsed) -> tuple[Reading, ...]:
    """Every variable, dimension or index that an expression names, in reading order; function names are left out."""
    found: list[Reading] = []

    def visit(node: ast.AST) -> None:
        if is_lagged(node):
            assert isinstance(node, ast.Subscript)
            found.append(Reading(*step(node, parsed), True, node))
            return
        if isinstance(node, ast.Name):
            found.append(Reading(node.id, 0, False, node))
        for child in ast.iter_child_nodes(node):
            if not (isinstance(node, ast.Call) and child is node.func):
                visit(child)

    visit(parsed.tree)
    return tuple(found)
