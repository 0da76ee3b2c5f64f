"""Where the backward pass of a function stands in its file, so that a report can name the line."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from symbptt.diagnose.submission import signature
from symbptt.diagnose.submission.signature import Function, Source
from symbptt.errors import BadInput


def source(file: str, module: str, function: Function) -> Source:
    """The file with nothing in it but the backward pass, as far as it can be found; without it an empty one."""
    text, nodes = "", []
    try:
        whole = signature.source(Path(file)) if file.endswith(".py") else None
    except BadInput:
        whole = None
    if whole is not None:
        text, nodes = whole.text, list(_backward(whole.tree, function.name.rpartition(".")[2]))
    empty = signature.parsed(Path(file) if file else Path(module), "")
    return replace(empty, functions={function.name: function}, tree=ast.Module(list(nodes), []), text=text)


def _backward(tree: ast.Module, name: str) -> Iterator[ast.stmt]:
    """The method `backward` of the class, or of the only class that has one; what is handed to `name.defvjp`."""
    methods = {c.name: m for c in tree.body if isinstance(c, ast.ClassDef)
               for m in c.body if isinstance(m, ast.FunctionDef) and m.name == "backward"}
    if name in methods or len(methods) == 1:
        yield methods[name] if name in methods else next(iter(methods.values()))
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        handed = call.args[-1] if call.args and ast.unparse(call.func) == f"{name}.defvjp" else None
        if isinstance(handed, ast.Name):
            yield from (f for f in tree.body if isinstance(f, ast.FunctionDef) and f.name == handed.id)
