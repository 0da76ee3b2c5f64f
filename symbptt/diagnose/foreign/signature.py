"""What a Python file offers, read from its syntax tree: nothing is run here."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from symbptt.errors import BadInput, UnknownName
from symbptt.files import reason

MAX_BYTES = 1024 * 1024
"""The largest file."""
PREFERRED = ("value_and_grad", "backward", "loss_and_grad", "loss_and_grads", "lossFun", "loss_fun", "bptt", "gradients", "grad")
"""Functions that are taken if none is named, the first one found."""
MANY = 4
"""A function that alone has as many arguments is no helper."""


@dataclass(frozen=True)
class Function:
    """A function of the file: its arguments, those that must be given, and the names in its last return, if they are names."""

    name: str
    arguments: tuple[str, ...]
    required: frozenset[str]
    returns: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """A file with its functions by name, and the texts that it uses as keys, as in parameters["Wf"]."""

    path: Path
    functions: Mapping[str, Function]
    keys: tuple[str, ...]
    tree: ast.Module
    text: str

    @cached_property
    def stored(self) -> tuple[str, ...]:
        """The names that something is stored under."""
        nodes = (n for n in ast.walk(self.tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
        return tuple(dict.fromkeys(node.id for node in nodes))

    def function(self, name: str | None) -> Function:
        """The function called `name`, or the one that most likely computes gradients. Raises BadInput."""
        if name is not None:
            if name not in self.functions:
                raise UnknownName("function", name, self.functions, str(self.path))
            return self.functions[name]
        chosen = next((self.functions[f] for f in PREFERRED if f in self.functions), None)
        for likely in (lambda f: True, _returns_gradients, lambda f: len(f.arguments) >= MANY):
            found = [f for f in self.functions.values() if likely(f)]
            chosen = found[0] if chosen is None and len(found) == 1 else chosen
        if chosen is None:
            known = ", ".join(self.functions) or "none"
            raise BadInput(f"{self.path}: which function computes the gradients? name it with --function (found: {known})")
        return chosen


def _returns_gradients(function: Function) -> bool:
    """Whether the names of the results are those of gradients, as in dW, db."""
    return sum(name.startswith(("d", "grad")) for name in function.returns) > 1


def source(path: Path | str) -> Source:
    """Read a file. Raises BadInput if it cannot be read or is no Python."""
    place = Path(path)
    try:
        with place.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{place}: cannot be read: {reason(error)}") from None
    if len(content) > MAX_BYTES:
        raise BadInput(f"{place}: larger than {MAX_BYTES // 1024} KiB")
    try:
        text = content.decode("utf-8")
        tree = ast.parse(text)
    except UnicodeDecodeError:
        raise BadInput(f"{place}: not UTF-8") from None
    except SyntaxError as error:
        raise BadInput(f"{place}: not Python: line {error.lineno}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError):
        raise BadInput(f"{place}: not Python that can be read") from None
    functions = {node.name: _function(node) for node in tree.body if isinstance(node, ast.FunctionDef)}
    indices = (node.slice for node in ast.walk(tree) if isinstance(node, ast.Subscript))
    keys = (index.value for index in indices if isinstance(index, ast.Constant))
    return Source(place, functions, tuple(dict.fromkeys([key for key in keys if isinstance(key, str)])), tree, text)


def _function(node: ast.FunctionDef) -> Function:
    arguments = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
    count = len(arguments) - len(node.args.defaults)
    keyword = [a.arg for a in node.args.kwonlyargs]
    needed = [a.arg for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d is None]
    return Function(node.name, (*arguments, *keyword), frozenset([*arguments[:count], *needed]), _returns(node))


def _returns(node: ast.FunctionDef) -> tuple[str, ...]:
    """The names in the last return of the function itself: of a tuple, each; "" for an element that is no name."""
    found: list[ast.Return] = []
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        item = waiting.pop()
        if isinstance(item, ast.Return):
            found.append(item)
        elif not isinstance(item, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(item))
    last = max(found, key=lambda r: r.lineno, default=None)
    if last is None or last.value is None:
        return ()
    parts = last.value.elts if isinstance(last.value, (ast.Tuple, ast.List)) else [last.value]
    return tuple(_name(part) for part in parts)


def _name(part: ast.expr) -> str:
    """The name of an element, also of xs[-1], hs[len(inputs)-1] or loss / T."""
    while not isinstance(part, ast.Name):
        if isinstance(part, (ast.Subscript, ast.Attribute)):
            part = part.value
        elif isinstance(part, ast.BinOp):
            part = part.left
        elif isinstance(part, ast.Call) and part.args:
            part = part.args[0]
        else:
            return ""
    return part.id
