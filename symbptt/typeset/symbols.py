"""Variables and adjoints: from a symbol of a formula to its letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.nodes import TIME, Timed, is_leaf
from symbptt.model.values import Model, Role, Variable
from symbptt.typeset import as_text, snippet
from symbptt.typeset.alphabets import LETTERS
from symbptt.typeset.dispatch import Setting, piece
from symbptt.typeset.names import Label, from_tree, label, unbold, whole
from symbptt.typeset.notation import Notation
from symbptt.typeset.pieces import Piece, signed
from symbptt.typeset.tree import Accent, Fenced, Identifier, Matrix, Script, Style, Tree

NODE, STEP, LOSS = "adj:", "step:", "loss:"
"""Prefixes of names: the adjoint of a value inside its step, the adjoint of a state, the gradient of L_t by a state."""

MAX_DEFINITION = 30
"""A definition longer than this, in characters of text, is not shown in the subscript of an adjoint."""


@dataclass(frozen=True)
class Symbols:
    """The variables of a model with their labels."""

    variables: dict[str, Variable]
    labels: dict[str, Label]


def _own(variable: Variable, notation: Notation) -> Label:
    given = dict(notation.names).get(variable.name, variable.latex)
    if given is not None:
        return from_tree(snippet.read(given))
    return label(variable.name, bold=bool(variable.shape) and variable.role is not Role.LOSS)


@lru_cache(maxsize=64)
def symbols(model: Model, notation: Notation) -> Symbols:
    """The labels of a model's variables; names that would look alike keep their full spelling instead."""
    variables = {v.name: v for v in model.variables}
    labels = {name: _own(v, notation) for name, v in variables.items()}
    count = Counter(labels.values())
    for name, own in labels.items():
        if count[own] > 1:
            labels[name] = whole(name, bold=bool(variables[name].shape))
    return Symbols(variables, labels)


def _label(name: str, scalar: bool, setting: Setting) -> Label:
    known = symbols(setting.model, setting.notation).labels if setting.model else {}
    given = dict(setting.notation.names).get(name)
    if name in known:
        return known[name]
    return label(name, bold=not scalar) if given is None else from_tree(snippet.read(given))


def _step(symbol: sp.MatrixSymbol, setting: Setting) -> Tree | None:
    if not isinstance(symbol, Timed):
        return None
    tree = signed(piece(symbol.step, setting))
    return Fenced(tree) if setting.notation.time == "superscript" else tree


def _placed(own: Label, symbol: sp.MatrixSymbol, setting: Setting) -> Piece:
    return Piece(own.at(_step(symbol, setting), setting.notation.time == "superscript"))


def named(symbol: sp.MatrixSymbol, setting: Setting) -> Piece:
    """A variable by its own name, even if it has a definition."""
    return _placed(_label(symbol.name, symbol.shape == (1, 1), setting), symbol, setting)


def _letter(text: str) -> Identifier:
    return Identifier(LETTERS.get(text, text), Style.BOLD)


def definition(name: str, symbol: sp.MatrixSymbol, setting: Setting) -> MatrixExpr | None:
    """The formula that stands in for a name, at the symbol's step; None for a variable that shows its name."""
    variable = symbols(setting.model, setting.notation).variables.get(name) if setting.model else None
    if variable is None or variable.definition is None:
        return None
    step = symbol.step if isinstance(symbol, Timed) else TIME
    return variable.definition.xreplace({TIME: step})


def shown(node: MatrixExpr, setting: Setting) -> MatrixExpr:
    """The node as a reader sees it: a symbol with a definition is replaced by it."""
    found = definition(node.name, node, setting) if is_leaf(node) else None
    return node if found is None else shown(found, setting)


def _lettered(letter: str, name: str, symbol: sp.MatrixSymbol, setting: Setting) -> Piece:
    """A letter with the name of a variable as its first subscript, as in δ_{a,t}."""
    found = definition(name, symbol, setting)
    if found is not None:
        tree = signed(piece(found, setting))
        if len(as_text.write(tree)) <= MAX_DEFINITION:
            return Piece(Script(_letter(letter), tree if isinstance(tree, Matrix) else Fenced(tree)))
    inner = unbold(_label(name, True, setting).at(None))
    return _placed(Label(_letter(letter), (inner,)), symbol, setting)


def _node_adjoint(name: str, symbol: sp.MatrixSymbol, setting: Setting) -> Piece:
    return _lettered(setting.notation.node_adjoint, name, symbol, setting)


def _loss_gradient(name: str, symbol: sp.MatrixSymbol, setting: Setting) -> Piece:
    return _lettered(setting.notation.loss_gradient, name, symbol, setting)


def _step_adjoint(name: str, symbol: sp.MatrixSymbol, setting: Setting) -> Piece:
    own = _label(name, symbol.shape == (1, 1), setting)
    return _placed(Label(Accent(own.base, setting.notation.step_adjoint), own.subs, own.sup), symbol, setting)


_ADJOINTS: dict[str, Callable[[str, sp.MatrixSymbol, Setting], Piece]] = {
    NODE: _node_adjoint, STEP: _step_adjoint, LOSS: _loss_gradient,
}


@piece.register(sp.MatrixSymbol)
def _symbol(symbol: sp.MatrixSymbol, setting: Setting) -> Piece:
    for prefix, write in _ADJOINTS.items():
        if symbol.name.startswith(prefix):
            return write(symbol.name.removeprefix(prefix), symbol, setting)
    found = definition(symbol.name, symbol, setting)
    return named(symbol, setting) if found is None else piece(found, setting)


@piece.register(sp.Symbol)
def _scalar_symbol(symbol: sp.Symbol, setting: Setting) -> Piece:
    return Piece(label(symbol.name, bold=False).at(None))
