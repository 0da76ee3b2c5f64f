"""Equations, aligned lines, derivative heads and adjoint symbols, made of formulas or of trees."""

from collections.abc import Iterable
from typing import TypeAlias

import sympy as sp

from symbptt.algebra.related import Adjoint, LossGradient, Related, StepAdjoint
from symbptt.errors import UnknownName
from symbptt.model.values import Model
from symbptt.typeset import as_text
from symbptt.typeset.calculus import quotient
from symbptt.typeset.dispatch import Setting, piece, setting
from symbptt.typeset.notation import Notation
from symbptt.typeset.pieces import Level, Piece, signed
from symbptt.typeset.symbols import laid, named
from symbptt.typeset.tree import Aligned, Equality, Identifier, Operator, Script, Tree

Formula: TypeAlias = sp.Basic | Tree

ADJOINTS: dict[str, type[Related]] = {"node": Adjoint, "step": StepAdjoint, "loss": LossGradient}


def compose(expression: Formula, notation: Notation | None = None, model: Model | None = None) -> Tree:
    """The presentation tree of a formula; a tree stays as it is.

    In the row layout the formula is transposed.
    With a model, variables get their roles, overrides and definitions; without one, 1x1 symbols are scalars, all others bold.
    Raises MissingRule for a node type that has no rule.
    """
    if isinstance(expression, Tree):
        return expression
    used = setting(notation, model)
    return signed(piece(laid(expression, used.notation, used.model), used))


def _piece(formula: Formula, setting: Setting) -> Piece:
    if not isinstance(formula, Tree):
        return piece(laid(formula, setting.notation, setting.model), setting)
    return Piece(formula, Level.ATOM if isinstance(formula, (Identifier, Script)) else Level.SUM)


def equation(
    left: Formula, *sides: Formula, relation: str = "=", model: Model | None = None, notation: Notation | None = None
) -> Equality:
    """left = side = side …"""
    Operator(relation)  # refuses an unknown sign
    return Equality(compose(left, notation, model), tuple(compose(s, notation, model) for s in sides), relation)


def numbered(model: Model) -> list[str]:
    """The forward equations as plain text with their numbers, as emitted files begin."""
    shown = (e for e in model.all_equations if e.target.definition is None)
    return [f"({e.number}) " + as_text.write(equation(e.target.at(), e.value, model=model)) for e in shown]


def aligned(equations: Iterable[Equality]) -> Aligned:
    """Equations below each other; every side after the first gets a line of its own."""
    return Aligned(tuple(equations))


def derivative(
    numerator: Formula, denominator: Formula, kind: str = "total", model: Model | None = None, notation: Notation | None = None
) -> Tree:
    """The head of a derivative, as dL/dW; `kind` is "immediate", "total" or "partial"."""
    used = setting(notation, model)
    return quotient(_piece(numerator, used), _piece(denominator, used), kind, used).tree


def name_of(symbol: sp.MatrixSymbol, model: Model | None = None, notation: Notation | None = None) -> Tree:
    """A variable by its own name, also where formulas show its definition instead."""
    return named(symbol, setting(notation, model)).tree


def adjoint_of(symbol: sp.MatrixSymbol, kind: str = "node") -> Related:
    """The symbol that stands for an adjoint in formulas, of the variable's shape, at its step.

    `kind` is "node" (δ: of a value inside its step), "step" (a bar: of a state, same-step states not chained) or "loss"
    (g: the gradient of L_t by a state). Raises UnknownName for another kind.
    """
    if kind not in ADJOINTS:
        raise UnknownName("kind of adjoint", kind, ADJOINTS)
    return ADJOINTS[kind](symbol)


def adjoint_symbol(
    symbol: sp.MatrixSymbol, kind: str = "node", model: Model | None = None, notation: Notation | None = None
) -> Tree:
    """How an adjoint is written: δ_{a,t} (node), s̄_t (step) or g_{h,t} (loss)."""
    return compose(adjoint_of(symbol, kind), notation, model)
