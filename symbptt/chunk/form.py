"""The chunk form of a model: what it takes and gives, and what the chunk form needs to be compared and differentiated."""

from dataclasses import dataclass, replace
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.chunk.recurrence import Recurrence
from symbptt.model.values import Equation, Loss, Model, Role, Variable


@dataclass(frozen=True)
class Chunked:
    """`model` takes C tokens in one step, `token` one. `length` names the dimension C, `mask` the input that is 0 in padding.

    Inputs have the axis C in front of their own; outputs, too; states are those at the ends of chunks.
    """

    token: Model
    model: Model
    length: str
    mask: str
    recurrences: tuple[Recurrence, ...]
    """Those of the states, in expressions of a token: decay, keys and values; of one head where there are several."""

    @property
    def decays(self) -> tuple[tuple[str, MatrixExpr | None, bool], ...]:
        """Of every state the logarithm of its decay in one token, None for one, and whether each key has one of its own."""
        return tuple((r.state.name, r.log_decay, r.per_key) for r in self.recurrences)

    @property
    def model_without_loss(self) -> Model:
        """The chunk form for cotangents of its outputs."""
        return replace(self.model, loss=None)

    @property
    def differentiable(self) -> Model:
        """The chunk form with a loss: its own, or the sum of every output times a given cotangent."""
        return self.model if self.model.loss else _with_cotangents(self.model)


def _with_cotangents(model: Model) -> Model:
    """The model with the loss sum of c_o * o over its outputs o, for targets c_o of their shapes."""
    taken = {v.name for v in model.variables}
    names = (next(n for n in (f"c_{v.name}", f"cotangent_{v.name}", f"given_{v.name}") if n not in taken) for v in model.outputs)
    plain: dict[str, Any] = {"role": Role.TARGET, "latex": None, "description": (), "definition": None}
    given = tuple(replace(v, name=name, **plain) for v, name in zip(model.outputs, names, strict=True))
    parts = [tidy.total(tidy.hadamard(c.at(), v.at())) for c, v in zip(given, model.outputs, strict=True)]
    target = Variable("L", Role.LOSS, (), sp.S.One, sp.S.One)
    number = max(e.number for e in model.equations) + 1
    loss = Loss("cotangents", (Equation(target, tidy.add(*parts), number),))
    return replace(model, loss=loss, variables=(*model.variables, *given, target))
