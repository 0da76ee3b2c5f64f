"""How objects with mathematics show themselves in a notebook.

Models are known to an earlier stage than typesetting, which is therefore looked up when something is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from itertools import islice
from typing import Any

MOST = 30
"""The largest number of lines that is shown."""


def formula(expression: Any, model: Any = None) -> str:
    """A formula or tree as LaTeX between dollar signs."""
    return rf"$\displaystyle {import_module('symbptt.typeset').latex(expression, model)}$"


def equations(pairs: Iterable[tuple[Any, Any]], model: Any = None) -> str:
    """Equations (left, right) below each other; after the first `MOST`, dots."""
    typeset = import_module("symbptt.typeset")
    rest = iter(pairs)
    lines = [typeset.equation(left, right, model=model) for left, right in islice(rest, MOST)]
    if not lines:
        return ""
    text = typeset.latex(typeset.aligned(lines))
    if next(rest, None) is not None:
        text = text.replace(r" \end{aligned}", r" \\ & \;\;\vdots \end{aligned}")
    return rf"$\displaystyle {text}$"
