"""Formulas inside a line of text: derivatives are written with a slash."""

from __future__ import annotations

from symbptt.typeset.tree import Fraction, Matrix, Operator, Row, Tree, rebuilt


def flat(tree: Tree) -> Tree:
    """The tree with dL/dW in the place of the fraction; other fractions stay."""
    if isinstance(tree, Fraction) and tree.derivative:
        return Row((flat(tree.numerator), Operator("/"), flat(tree.denominator)))
    return tree if isinstance(tree, Matrix) else rebuilt(tree, flat)
