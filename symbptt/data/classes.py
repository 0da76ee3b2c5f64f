"""Integer classes: where they may stand for columns of numbers, and which columns those are."""

import numpy as np
import sympy as sp

from symbptt.algebra.nodes import CrossEntropy
from symbptt.data.values import Array
from symbptt.model.values import Model, Variable


def one_hot(classes: Array, count: int) -> Array:
    """Integer classes (...) as rows (..., count) of zeros and a one; of zeros alone for a class below 0, which counts nothing."""
    made: Array = (classes[..., None] == np.arange(count)).astype(float)
    return made


def are_classes(variable: Variable, array: Array) -> bool:
    """Whether an array holds classes (T, N) where the variable is otherwise a vector, (T, N, n)."""
    return len(variable.shape) == 1 and array.dtype.kind in "iu" and array.ndim == 2


def class_targets(model: Model) -> tuple[str, ...]:
    """The targets of a softmax cross-entropy: classes or distributions."""
    found: dict[str, None] = {}
    for equation in model.loss.equations if model.loss else ():
        for node in sorted(equation.value.atoms(CrossEntropy), key=str):
            found.update(dict.fromkeys(s.name for s in node.args[1].atoms(sp.MatrixSymbol)))
    return tuple(found)


def drawn_as_classes(model: Model) -> list[Variable]:
    """The targets that the self-check draws as integers: those of a softmax cross-entropy with a named dimension."""
    targets = [model[name] for name in class_targets(model)]
    return [v for v in targets if v.shape and v.shape[0].isidentifier()]


def takes_classes(model: Model, target: Variable) -> bool:
    """Whether integer classes may be given for a target: a vector that softmax cross-entropies alone read."""
    readers = [e.value for e in model.all_equations if e.value.has(target.at())]
    entropies = {node for value in readers for node in value.atoms(CrossEntropy) if node.args[1] == target.at()}
    without = {node: sp.ZeroMatrix(1, 1) for node in entropies}
    return len(target.shape) == 1 and bool(entropies) and not any(value.xreplace(without).has(target.at()) for value in readers)
