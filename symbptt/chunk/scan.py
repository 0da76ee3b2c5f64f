"""Recurrences that run entry by entry, h_t = a_t * h_{t-1} + b_t: there are no products of matrices in them to gain."""

from symbptt.algebra.nodes import TIME
from symbptt.derive.affine import components
from symbptt.derive.transition import Kind
from symbptt.model.values import Model, Role


def is_scan(model: Model) -> bool:
    """Whether every state follows an affine recurrence entry by entry, diagonal or in blocks of diagonals, or only keeps a value.

    The model has inputs, which tell the steps, and no parameter has a value of its own at each of them.
    """
    read = {symbol for equation in model.equations for symbol in equation.value.atoms(*{type(s.at()) for s in model.states})}
    whole = model.of(Role.INPUT) and model.states and all(v.tied for v in (*model.parameters, *model.buffers))
    whole = whole and not any(v.classes for v in model.of(Role.INPUT))
    return bool(whole) and all(s.at(TIME - 1) in read for s in model.states) and all(
        not part.recurrent or (part.transition is not None and part.transition.kind <= Kind.BLOCKS) for part in components(model)
    )
