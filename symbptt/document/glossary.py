"""The table of notation: every symbol with its meaning and shape."""

from __future__ import annotations

from dataclasses import dataclass

from symbptt import typeset
from symbptt.algebra.nodes import TIME
from symbptt.derive.adjoint import NODE, symbol
from symbptt.derive.recursion import recursion
from symbptt.model.values import Model, Role, Variable
from symbptt.narrative import Derivation, shapes, symbols
from symbptt.typeset.tree import Tree

_ROLES = {
    Role.INPUT: "input", Role.STATE: "state", Role.PARAMETER: "parameter", Role.TARGET: "target",
    Role.LOCAL: "intermediate value", Role.LOSS: "loss of step t", Role.BUFFER: "moving average",
}


@dataclass(frozen=True)
class Entry:
    """A row of the table."""

    symbol: Tree
    meaning: str
    shape: str


def _meaning(variable: Variable) -> str:
    given = dict(variable.description)
    text = given.get("en", next(iter(given.values()), ""))
    kind = _ROLES[variable.role]
    own = "" if variable.tied else ", one per step"
    return (text if not text or kind in text else f"{text} ({kind}{own})") or kind + own


def _entry(model: Model, variable: Variable) -> Entry:
    return Entry(typeset.compose(variable.at(), model=model), _meaning(variable), shapes.shape(variable.at()))


def entries(derivation: Derivation) -> tuple[Entry, ...]:
    """The variables of the model by role, then the letters of the derivation."""
    model = derivation.model
    order = (Role.INPUT, Role.STATE, Role.PARAMETER, Role.BUFFER, Role.LOCAL, Role.TARGET, Role.LOSS)
    made = [_entry(model, v) for role in order for v in model.of(role) if v.definition is None]

    def add(expression: object, meaning: str) -> None:
        made.append(Entry(typeset.compose(expression, model=model), meaning, shapes.shape(expression)))

    if len(model.states) > 1:
        add(symbols.state(model), "all states of step t, one below the other")
    if model.states:
        add(symbols.jacobian(model), "state Jacobian")
        add(symbols.loss_symbol(model), "gradient of the loss of step t by the state of step t")
        add(symbols.adjoint_symbol(model), "step adjoint: gradient of the loss by the state")
    for target, _, letter in symbols.slopes(model):
        add(letter, f"slope matrix of {target.name}")
    example = next((e.variable for e in recursion(model).adjoints), None)
    if example is not None:
        add(symbol(NODE, example, TIME), f"adjoint of {example.name}: gradient of the loss by it (likewise for other values)")
    return tuple(made)
