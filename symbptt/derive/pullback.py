"""One step pulled back: what emitted code computes of the adjoints, without what the gradients asked for do not need."""

from dataclasses import dataclass

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.related import Adjoint
from symbptt.derive.numeric import LOSS_WEIGHT
from symbptt.derive.sweep import Incoming, in_step_t, sweep, total
from symbptt.model.values import Model, Role, Variable


@dataclass(frozen=True)
class Pullback:
    """The adjoint equations of a list of equations: (target, contributions), and what arrives at the leaves."""

    adjoints: tuple[tuple[Variable, MatrixExpr], ...]
    leaves: dict[sp.MatrixSymbol, MatrixExpr]


def cell_pullback(model: Model, wanted: frozenset[str]) -> Pullback:
    """The pullback of the cell, without what the wanted leaves do not need."""
    adjoints: list[tuple[Variable, MatrixExpr]] = []
    useful = _useful(model, wanted)

    def cotangent(variable: Variable, target: sp.MatrixSymbol, incoming: Incoming) -> MatrixExpr | None:
        if variable.name not in useful:
            return None
        arrived = incoming.pop(target, [])
        adjoints.append((variable, total(arrived) if arrived else sp.ZeroMatrix(*target.shape)))
        return Adjoint(target)

    incoming = sweep(in_step_t(model.equations), cotangent)
    leaves = {leaf: total(terms) for leaf, terms in incoming.items() if leaf.name in useful | wanted}
    return Pullback(tuple(_read(adjoints, leaves)), leaves)


def _useful(model: Model, wanted: frozenset[str]) -> frozenset[str]:
    """The values and states through which a wanted leaf can be reached."""
    useful: set[str] = {s.name for s in model.states if s.name in wanted}
    grew = True
    while grew:
        grew = False
        for equation in model.equations:
            reads = {s.name for s in equation.value.atoms(sp.MatrixSymbol)}
            if equation.target.name not in useful and reads & (useful | wanted):
                useful.add(equation.target.name)
                grew = True
    return frozenset(useful)


def loss_pullback(model: Model) -> Pullback:
    """The pullback of the loss; the cell's values are leaves."""
    assert model.loss is not None
    loss, adjoints = model.loss.target, list[tuple[Variable, MatrixExpr]]()

    def cotangent(variable: Variable, target: sp.MatrixSymbol, incoming: Incoming) -> MatrixExpr | None:
        if variable == loss:
            return LOSS_WEIGHT
        if target not in incoming:
            return None
        adjoints.append((variable, total(incoming.pop(target))))
        return Adjoint(target)

    leaves = {
        leaf: total(terms)
        for leaf, terms in sweep(in_step_t(model.loss.equations), cotangent).items()
        if model[leaf.name].role not in (Role.TARGET, Role.BUFFER) and not model[leaf.name].classes
    }
    return Pullback(tuple(_read(adjoints, leaves)), leaves)


def _read(
    adjoints: list[tuple[Variable, MatrixExpr]], leaves: dict[sp.MatrixSymbol, MatrixExpr]
) -> list[tuple[Variable, MatrixExpr]]:
    """The adjoints that a leaf or another of them reads: those of targets and of values that are held go nowhere."""
    read = {s for value in leaves.values() for s in value.atoms(Adjoint)}
    made: list[tuple[Variable, MatrixExpr]] = []
    for variable, value in reversed(adjoints):
        if Adjoint(variable.at()) in read:
            made.insert(0, (variable, value))
            read |= value.atoms(Adjoint)
    return made
