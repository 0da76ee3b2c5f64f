"""The equations of a chunk form in order: those that nothing needs go, and the others have numbers that leave none out."""

from collections.abc import Iterable
from dataclasses import replace

import sympy as sp

from symbptt.model.values import Equation, Loss


def _symbols(equation: Equation) -> set[sp.MatrixSymbol]:
    found: set[sp.MatrixSymbol] = equation.value.atoms(sp.MatrixSymbol)
    return found


def needed(cell: list[Equation], loss: Loss | None, outputs: Iterable[str]) -> list[Equation]:
    """The equations that a state or an output of the token needs: a decay, for one, has become its logarithm."""
    wanted = set(outputs) | {s.name for e in (loss.equations if loss else ()) for s in _symbols(e)}
    kept: list[Equation] = []
    for equation in reversed(cell):
        if equation.target.name in wanted:
            kept.insert(0, equation)
            wanted |= {s.name for s in _symbols(equation)}
    return kept


def numbered(cell: list[Equation], loss: Loss | None) -> tuple[list[Equation], Loss | None]:
    """The equations with numbers that leave none out."""
    shown = dict.fromkeys(e.number for e in cell if e.target.definition is None)
    numbers = {old: new for new, old in enumerate(shown, start=1)}
    for i, equation in reversed(list(enumerate(cell))):  # what an equation that is gone has left belongs to the next
        numbers.setdefault(equation.number, numbers[cell[i + 1].number] if i + 1 < len(cell) else len(shown))
    cell = [replace(e, number=numbers[e.number]) for e in cell]
    last = len(shown) + 1
    return cell, loss and replace(loss, equations=tuple(replace(e, number=last) for e in loss.equations))
