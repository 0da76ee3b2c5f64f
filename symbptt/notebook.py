"""How results show themselves in a notebook: mathematics as LaTeX and as HTML, tables of numbers as text.

Models are known to an earlier stage than typesetting, which is therefore looked up when something is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib import import_module
from itertools import islice
from typing import Any

MOST = 30
"""The largest number of lines that is shown."""


class Formula:
    """Base of results that are mathematics."""

    def _notebook_(self) -> Any:
        """What is shown, as a presentation tree; None for nothing."""
        raise NotImplementedError(type(self).__name__)

    def _repr_latex_(self) -> str:
        tree = self._notebook_()
        return rf"$\displaystyle {import_module('symbptt.typeset').latex(tree)}$" if tree else ""

    def _repr_html_(self) -> str:
        tree = self._notebook_()
        return f'<div style="overflow-x: auto">{import_module("symbptt.typeset").mathml(tree)}</div>' if tree else ""


class Printed:
    """Base of results that are tables of numbers or code: as the terminal shows them."""

    def _notebook_(self) -> str:
        """The text."""
        return str(self)

    def _repr_html_(self) -> str:
        return f'<pre style="overflow-x: auto">{escape(self._notebook_())}</pre>'


def equations(pairs: Iterable[tuple[Any, Any]], model: Any = None) -> Any:
    """Equations (left, right) below each other; after the first `MOST`, dots."""
    typeset = import_module("symbptt.typeset")
    rest = iter(pairs)
    lines = [typeset.equation(left, right, model=model) for left, right in islice(rest, MOST)]
    if next(rest, None) is not None:
        tree = import_module("symbptt.typeset.tree")
        lines.append(tree.Equality(tree.Row(()), (tree.Operator("⋮"),), "\u2061"))
    return typeset.aligned(lines) if lines else None
