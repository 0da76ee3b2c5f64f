"""From a file with a step function to a model file. The file is parsed, and never executed."""

import ast
from collections.abc import Iterator

from symbptt.errors import BadInput, UnknownName
from symbptt.model.code.step import Step
from symbptt.model.code.terms import Code
from symbptt.model.read import from_text
from symbptt.model.sketch import sketched

MAX_BYTES = 256 * 1024
"""The largest file."""
STEPS = ("cell", "step", "forward", "rnn_step", "__call__", "call")
"""Functions that are taken if none is named."""


def read_code(text: str, file: str, function: str = "") -> str:
    """The model file of a step function in the text of a file, which errors call `file`. Nothing is executed.

    Raises BadInput with the line of what cannot be said, UnknownName for a function that is not there.
    """
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise BadInput(f"{file}: is larger than {MAX_BYTES // 1024} KiB")
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise BadInput(f"{file}, line {error.lineno or 1}: is no Python: {error.msg}") from None
    except (ValueError, MemoryError, RecursionError):
        raise BadInput(f"{file}: is no Python that can be read") from None
    found, owner = _chosen(tree, file, function)
    try:
        equations = Step(found, _code(tree, owner, file)).equations()
    except RecursionError:
        raise BadInput(f"{file}, line {found.lineno}: an expression is nested too deep; name parts of it") from None
    made = sketched("\n".join(equations), file)
    from_text(made, file)
    return made


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef, ast.ClassDef | None]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node, None
        if isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{f.name}", f, node) for f in node.body if isinstance(f, ast.FunctionDef))


def _chosen(tree: ast.Module, file: str, function: str) -> tuple[ast.FunctionDef, ast.ClassDef | None]:
    known = {full: (node, owner) for full, node, owner in _functions(tree)}
    if not known:
        raise BadInput(f"{file}: defines no function")
    if function:
        full = function if function in known else next((f"{function}.{n}" for n in STEPS if f"{function}.{n}" in known), function)
        if full not in known:
            raise UnknownName("function", function[:60], known, file)
        return known[full]
    for wanted in STEPS:
        for full, pair in known.items():
            if full.split(".")[-1] == wanted:
                return pair
    return list(known.values())[-1]


def _code(tree: ast.Module, owner: ast.ClassDef | None, file: str) -> Code:
    helpers = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    imported = (alias.asname or alias.name.split(".")[0] for node in ast.walk(tree)
                if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names)
    linear: dict[str, bool] = {}
    for node in ast.walk(owner) if owner else ():
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and ast.unparse(node.value.func).endswith("Linear"):
            bias = next((k.value for k in node.value.keywords if k.arg == "bias"), None)
            for target in node.targets:
                if isinstance(target, ast.Attribute):
                    linear[target.attr] = not (isinstance(bias, ast.Constant) and bias.value is False)
    return Code(file, helpers, linear, frozenset(imported), dict(_numbers(tree)))


def _numbers(tree: ast.Module) -> Iterator[tuple[str, float]]:
    """The numbers that statements outside functions give a name."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, (int, float)):
            for target in node.targets:
                if isinstance(target, ast.Name) and not isinstance(node.value.value, bool):
                    yield target.id, node.value.value
