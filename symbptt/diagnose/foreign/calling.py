"""How somebody's function is called, inside their process, and what is kept of its results. It imports nothing of symbptt."""

from __future__ import annotations

import types
from typing import Any

import numpy as np

_LARGEST = 1_000_000
"""Entries of a result that are handed on."""


class Caught:
    """Takes in whatever a block raises, SystemExit included: their code's end is an answer too."""

    error: BaseException | None = None

    def __enter__(self) -> Caught:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        self.error = error
        return True


def told(error: BaseException) -> str:
    """An error in one line."""
    text = ""
    with Caught():
        text = (str(error).strip().splitlines() or [""])[0][:300]
    return f"{type(error).__name__}: {text}".rstrip(": ")


def build(spec: dict[str, Any], arrays: dict[str, Any]) -> Any:
    """An argument from its specification."""
    if spec["kind"] == "dict":
        return {name: build(item, arrays) for name, item in spec["items"].items()}
    if spec["kind"] == "number":
        return spec["value"]
    array = arrays[spec["key"]]
    if spec["kind"] == "list":
        return [row.item() if row.ndim == 0 else row.copy() for row in array]
    return array.copy()


def call(module: types.ModuleType, plan: dict[str, Any], arrays: dict[str, Any]) -> tuple[Any, Any]:
    """Call their function, and before it the one that makes the cache; what both return."""
    for name, spec in plan["globals"].items():
        setattr(module, name, build(spec, arrays))
    cache = before = None
    if plan["forward"] is not None:
        cache = before = _invoke(module, plan["forward"], arrays, None)
        if isinstance(cache, (tuple, list)) and plan["cache"] is not None:
            cache = cache[plan["cache"]]
    return _invoke(module, plan, arrays, cache), before


def _invoke(module: types.ModuleType, plan: dict[str, Any], arrays: dict[str, Any], cache: Any) -> Any:
    given = {n: cache if s["kind"] == "cache" else build(s, arrays) for n, s in plan["arguments"].items()}
    return getattr(module, plan["function"])(**given)


def flatten(result: Any, names: list[str]) -> dict[str, Any]:
    """Results by name: of dicts their keys, of tuples the names given, else #0, #1 ..."""
    if isinstance(result, dict):
        return {str(key): value for key, value in result.items()}
    if not isinstance(result, (tuple, list)):
        return {names[0] if names and names[0] else "#0": result}
    found: dict[str, Any] = {}
    for i, item in enumerate(result):
        name = names[i] if len(names) == len(result) and names[i] else f"#{i}"
        found.update(flatten(item, []) if isinstance(item, dict) else {name: item})
    return found


def record(results: dict[str, Any], prefix: str, arrays: dict[str, Any]) -> dict[str, str]:
    """Keep the arrays; say of everything else what it is."""
    kinds: dict[str, str] = {}
    for name, value in results.items():
        array = np.array(None)
        with Caught():
            array = np.asarray(value)
        if array.dtype.kind in "biuf" and array.size <= _LARGEST:
            arrays[f"{prefix}/{name}"] = array
            kinds[name] = "array"
        else:
            kinds[name] = "None" if value is None else type(value).__name__
    return kinds
