"""Formulas inside a line of text: derivatives are written with a slash."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from symbptt.typeset.tree import Fraction, Matrix, Operator, Row, Tree


def flat(tree: Tree) -> Tree:
    """The tree with dL/dW in the place of the fraction; other fractions stay."""
    if isinstance(tree, Fraction) and tree.derivative:
        return Row((flat(tree.numerator), Operator("/"), flat(tree.denominator)))
    if not is_dataclass(tree) or isinstance(tree, Matrix):
        return tree
    return replace(tree, **{f.name: _inside(getattr(tree, f.name)) for f in fields(tree)})


def _inside(value: Any) -> Any:
    if isinstance(value, Tree):
        return flat(value)
    return tuple(map(_inside, value)) if isinstance(value, tuple) else value
