"""Sequences of different lengths: with `freeze`, a step whose mask is 0 keeps every state and has no loss."""

from collections.abc import Iterable, Mapping

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt import words
from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME
from symbptt.model import declare
from symbptt.model.model_file import ModelFile
from symbptt.model.place import Place
from symbptt.model.values import Role, Variable

MASK = "mask"
"""The input that `freeze` adds."""


def mask(file: ModelFile, taken: Iterable[str], place: Place) -> dict[str, Variable]:
    """The mask by name, a number per step and sample, if the file asks for it; raises BadInput if its name is taken."""
    if not file.freeze:
        return {}
    if MASK in taken:
        raise place.within("", "freeze").error(f"it adds an input called {MASK}; rename your {MASK}")
    symbol = next((s for s in file.symbols if s.name == MASK), None)
    variable = Variable(MASK, Role.INPUT, (), sp.S.One, sp.S.One, mask=True, description=words.everywhere("model.mask"))
    return {MASK: declare.described(variable, symbol)}


def kept(value: MatrixExpr, state: Variable, variables: Mapping[str, Variable], file: ModelFile) -> MatrixExpr:
    """mask * value + (1 - mask) * state[t-1], if the file asks for it, else the value."""
    if not file.freeze:
        return value
    counts = tidy.spread(variables[MASK].at(), state.rows, state.columns)
    keeps = tidy.add(OneMatrix(state.rows, state.columns), tidy.scale(-1, counts))
    return tidy.add(tidy.hadamard(counts, value), tidy.hadamard(keeps, state.at(TIME - 1)))
