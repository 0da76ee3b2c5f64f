"""symbptt: backpropagation through time, derived once and exactly.

    model file -> model -> unroll -> derive -> emit -> verify
                                            -> document

The stages are sub-packages and share their names with the commands:

    from symbptt import derive, document, emit, unroll, verify
    model = symbptt.load("elman")

They are imported on first use, so that `import symbptt` and `symbptt --help` cost nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from symbptt import display
from symbptt.version import VERSION

if TYPE_CHECKING:
    from symbptt import (
        algebra,
        analyze,
        chunk,
        compose,
        course,
        data,
        derive,
        diagnose,
        document,
        draw,
        emit,
        fuzz,
        gallery,
        mcp,
        mistakes,
        model,
        narrative,
        quiz,
        testing,
        typeset,
        unroll,
        verify,
        web,
    )
    from symbptt import words as words
    from symbptt.model.code.reading import read_code
    from symbptt.model.read import load, names
    from symbptt.model.values import Model

__version__ = VERSION

__all__ = [
    "Model",
    "__version__",
    "algebra",
    "analyze",
    "chunk",
    "compose",
    "course",
    "data",
    "derive",
    "diagnose",
    "document",
    "draw",
    "emit",
    "fuzz",
    "gallery",
    "load",
    "mcp",
    "mistakes",
    "model",
    "names",
    "narrative",
    "quiz",
    "read_code",
    "testing",
    "typeset",
    "unroll",
    "verify",
    "web",
]

_HOMES = {
    "load": "symbptt.model.read", "names": "symbptt.model.read", "read_code": "symbptt.model.code.reading",
    "Model": "symbptt.model.values",
}
display.provide(lambda: import_module("symbptt.notebook"))

_MODULES = frozenset(__all__) - frozenset(_HOMES) - {"__version__"} | {"words"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _MODULES:
        return import_module(f"symbptt.{name}")
    raise AttributeError(f"module 'symbptt' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
