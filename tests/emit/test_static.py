"""Emitted files as text: nothing undefined, nothing that a library has not, clean for ruff and mypy, and whose they are."""

from __future__ import annotations

import ast
import builtins
import subprocess
import symtable
import sys
from functools import cache, reduce
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import symbptt
from symbptt import emit
from symbptt.errors import BadInput
from symbptt.model import read

KINDS = sorted((Path(__file__).parents[1] / "kinds").glob("*.toml"))
BUILT_IN = ("elman", "lstm", "gru_reset_after", "deep_feedforward_batch_norm", "jordan")
WAYS: dict[str, dict[str, Any]] = {
    "fast": {"clipping": True}, "plain": {"style": "plain"}, "forward": {"mode": "forward"}, "window": {"truncation": (2, 3)},
    "unrolled": {"T": 3, "unroll": True}, "segments": {"checkpoint": True},
    **{f"{b}_{name}": {"backend": b, **options} for b in ("jax", "torch")
       for name, options in (("loop", {}), ("segments", {"checkpoint": True}), ("window", {"truncation": (3, 2)}))},
}  # fmt: skip
LIBRARIES = {"np": "numpy", "jnp": "jax.numpy", "jax": "jax", "torch": "torch"}
ALLOWED = {
    "jax": "Array checkpoint custom_vjp enable_x64 eval_shape grad jit lax nn random tree value_and_grad vjp",
    "jnp": "arange array asarray broadcast_to clip concatenate cos exp eye full inexact integer issubdtype log maximum nan "
           "ones ones_like result_type shape sin sqrt stack tanh tensordot where zeros zeros_like",
    "torch": "Generator Tensor addmm arange as_tensor autograd bool broadcast_to cat concatenate cos device dtype empty "
             "enable_grad exp eye float64 full get_default_dtype is_grad_enabled is_tensor log logsumexp nan nn no_grad ones "
             "ones_like ops promote_types randint randn sigmoid sin softmax sqrt stack tanh tensor utils where zeros zeros_like",
}  # fmt: skip
"""What emitted code may take from the frameworks; a word that is new here is tried where they are installed."""


@cache
def text(path: str, way: str) -> str:
    """The module, or nothing where this model has none of this kind."""
    try:
        return emit.source(read.load(path), wrt="all", **WAYS[way]).text
    except BadInput:
        return ""


def undefined(table: symtable.SymbolTable, known: set[str]) -> set[str]:
    """The global names that a module's functions read and nothing defines."""
    own = {s.get_name() for s in table.get_symbols() if s.is_referenced() and s.is_global()}
    return (own - known).union(*(undefined(child, known) for child in table.get_children()))


def used(tree: ast.AST) -> set[tuple[str, ...]]:
    """The dotted names that begin with a library."""
    found = set()
    for node in ast.walk(tree):
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.insert(0, node.attr)
            node = node.value
        if parts and isinstance(node, ast.Name) and node.id in LIBRARIES:
            found.add((node.id, *parts))
    return found


@pytest.mark.slow
@pytest.mark.share(3)
@pytest.mark.parametrize("way", WAYS)
def test_every_name_is_defined_and_every_function_exists(way: str) -> None:
    for path in (*map(str, KINDS), *BUILT_IN):
        source = text(path, way)
        if not source:
            continue
        table = symtable.symtable(source, path, "exec")
        module = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()}
        assert not undefined(table, module | set(dir(builtins)) | {"__name__"}), (path, way)
        for library, *parts in used(ast.parse(source)):
            assert library == "np" or parts[0] in ALLOWED[library].split(), (path, library, parts)
            if LIBRARIES[library] in sys.modules:
                reduce(getattr, parts, sys.modules[LIBRARIES[library]])
        if WAYS[way].get("backend") == "torch":
            slices = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Slice)]
            assert not any(isinstance(s.step, ast.UnaryOp) for s in slices), "PyTorch has no slices with a negative step"


@pytest.mark.slow
def test_default_ruff_and_mypy_find_nothing(tmp_path: Path) -> None:
    for path in (*map(str, KINDS[::4]), *BUILT_IN):
        for way in WAYS:
            if text(path, way):
                (tmp_path / f"{Path(path).stem.replace('-', '_')}_{way}.py").write_text(text(path, way), encoding="utf-8")
    ruff, mypy = ["ruff", "check", "--isolated", "--no-cache", "."], ["mypy", "--config-file=", "--ignore-missing-imports", "."]
    for command in (ruff, mypy):
        if find_spec(command[0]):
            ran = subprocess.run([sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True)
            assert ran.returncode == 0, ran.stdout[-3000:]


@pytest.mark.parametrize("backend", ["numpy", "jax", "torch"])
def test_a_file_tells_its_version_and_whose_it_is(backend: str) -> None:
    head = ast.get_docstring(ast.parse(emit.source("elman", backend=backend).text)) or ""
    assert f"Generated by symbptt {symbptt.__version__} from" in head and "This file is yours" in head
