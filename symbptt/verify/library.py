"""Calls of modules that are written for another array library, with NumPy arrays on this side.

A module says which in `BACKEND`, and brings the library: nothing is imported here.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from symbptt.errors import UnknownName

Call = Callable[[Any, str, tuple[Any, ...], Mapping[str, Any]], Any]


def _mapped(convert: Callable[[Any], Any], tree: Any) -> Any:
    """Nested dicts and tuples with every array converted."""
    if isinstance(tree, Mapping):
        return {name: _mapped(convert, part) for name, part in tree.items()}
    if isinstance(tree, tuple):
        return tuple(_mapped(convert, part) for part in tree)
    return tree if tree is None else convert(tree)


def _is_complex(tree: Any) -> bool:
    if isinstance(tree, (Mapping, tuple)):
        return any(map(_is_complex, tree.values() if isinstance(tree, Mapping) else tree))
    return bool(np.iscomplexobj(tree))


def _alike(tree: Any) -> Any:
    """All real arrays complex if one is, so that a function is compiled for two kinds of arguments only."""
    if not _is_complex(tree):
        return tree
    return _mapped(lambda a: np.asarray(a, complex) if np.asarray(a).dtype.kind == "f" else a, tree)


def _numpy(module: Any, function: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    return getattr(module, function)(*arguments, **options)


@lru_cache(maxsize=16)
def _compiled(module: Any, function: str) -> Callable[..., Any]:
    made: Callable[..., Any] = module.jax.jit(getattr(module, function))
    return made


def _jax(module: Any, function: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    with module.jax.enable_x64(True):
        found = _compiled(module, function)(*_alike(arguments), **options)
    return _mapped(np.asarray, found)


def _torch(module: Any, function: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    def given(tree: Any) -> Any:
        return _mapped(lambda array: module.torch.tensor(np.asarray(array)), tree)

    found = getattr(module, function)(*given(_alike(arguments)), **given(options))
    return _mapped(lambda tensor: tensor.resolve_conj().numpy(), found)


LIBRARIES: dict[str, Call] = {"numpy": _numpy, "c": _numpy, "jax": _jax, "torch": _torch}
"""How to call a function of a module, by the module's `BACKEND`."""


def call(module: Any, function: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """The result of module.function(*arguments, **options), in NumPy arrays where the module has others."""
    backend = getattr(module, "BACKEND", "numpy")
    if backend not in LIBRARIES:
        raise UnknownName("backend", str(backend), LIBRARIES)
    return LIBRARIES[backend](module, function, arguments, options)
