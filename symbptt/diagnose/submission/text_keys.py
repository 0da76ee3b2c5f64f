"""The texts that somebody's file uses as keys, and what it reads by them."""

import ast
from collections.abc import Iterator, Set


def keys(tree: ast.Module, arguments: Set[str]) -> tuple[tuple[str, ...], list[ast.expr]]:
    """The texts, each once: those of subscripts, of attributes of arguments, and of lists; and what is read by texts, as W in
    W["f"] or in W[k] for k in "fio"."""
    nodes = [*ast.walk(tree)]
    subscripts = [n for n in nodes if isinstance(n, ast.Subscript) and isinstance(n.value, (ast.Name, ast.Attribute))]
    by_text = {id(n): text for n in nodes if isinstance(n, ast.Subscript) and (text := text_of(n.slice))}
    loops = [n for n in nodes if isinstance(n, (ast.For, ast.comprehension))]
    fixed = (n.target for n in loops if text_of(n.iter) or any(text_of(e) for e in getattr(n.iter, "elts", ())))
    over = {target.id for target in fixed if isinstance(target, ast.Name)}
    dotted = [n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id in arguments]
    letters = (letter for n in loops for letter in text_of(n.iter) or "")
    read = [n.value for n in subscripts if id(n) in by_text or (isinstance(n.slice, ast.Name) and n.slice.id in over)]
    return tuple(dict.fromkeys([*by_text.values(), *dotted, *_listed(nodes), *letters])), read


def text_of(node: ast.AST | None) -> str | None:
    """The text that a node is; None for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _listed(nodes: list[ast.AST]) -> Iterator[str]:
    """The texts in tuples and lists, as in `for name in ("Wax", "Waa")` and in `"Wax Waa".split()`."""
    for node in nodes:
        if isinstance(node, (ast.Tuple, ast.List)):
            yield from (text for e in node.elts if (text := text_of(e)) is not None)
        elif isinstance(node, ast.Attribute) and node.attr == "split" and isinstance(node.value, ast.Constant):
            yield from str(node.value.value).split()
