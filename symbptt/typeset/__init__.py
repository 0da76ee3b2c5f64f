"""How a formula looks, in LaTeX, MathML and plain Unicode text, from one source.

    formula ──compose──▶ presentation tree ──┬▶ latex
                                             ├▶ mathml
                                             └▶ text

A rule per node type (operations.py, functions.py, calculus.py, heads.py, symbols.py, scalars.py) makes the tree; each
serialiser (as_latex.py, as_mathml.py, as_text.py) writes any tree. To add a node type, register one
rule; to add an output, one serialiser.
"""

from symbptt.model.values import Model
from symbptt.typeset import as_latex, as_mathml, as_text, calculus, functions, heads, operations, scalars, symbols
from symbptt.typeset.equations import Formula, adjoint_of, adjoint_symbol, aligned, compose, derivative, equation, name_of
from symbptt.typeset.notation import TEXTBOOK, Notation
from symbptt.typeset.symbols import kept, laid
from symbptt.typeset.tree import Aligned, Brace, Equality, Tree

RULES = (operations, functions, calculus, heads, symbols, scalars)
"""The modules that register rules; importing them fills the table."""


def latex(expression: Formula, model: Model | None = None, notation: Notation | None = None) -> str:
    """LaTeX of a formula or tree, without delimiters; needs amsmath, amssymb and bm, or KaTeX."""
    return as_latex.write(compose(expression, notation, model))


def mathml(
    expression: Formula, model: Model | None = None, notation: Notation | None = None, display: str = "block"
) -> str:
    """A <math> element of a formula or tree; `display` is "block" or "inline"."""
    return as_mathml.write(compose(expression, notation, model), display)


def text(expression: Formula, model: Model | None = None, notation: Notation | None = None) -> str:
    """A formula or tree in Unicode characters, for a terminal."""
    return as_text.write(compose(expression, notation, model))


__all__ = [
    "RULES", "TEXTBOOK", "Aligned", "Brace", "Equality", "Formula", "Notation", "Tree", "adjoint_of", "adjoint_symbol", "aligned",
    "compose", "derivative", "equation", "kept", "laid", "latex", "mathml", "name_of",
    "text",
]
__dir__ = __all__.copy
