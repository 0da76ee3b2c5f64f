"""The way to a gradient: the equations that it rests on, where all of them are too many."""

from collections.abc import Iterable

from symbptt.derive.recursion import recursion
from symbptt.model.values import Model, Variable

MANY = 12
"""Up to so many equations a lecture shows the whole recursion; beyond, the way to one parameter, without rules."""

LARGE = 24
"""Beyond so many, a handout of ordinary length gives rules without shapes, and works out the way to one parameter."""


def way_to(model: Model, labels: Iterable[str]) -> frozenset[str]:
    """The labels of these equations and of all that they rest on: adjoints read adjoints of the same or the next step."""
    found = recursion(model)
    equations = {labelled("adjoint", e.variable): e for e in found.adjoints}
    equations |= {labelled("gradient", e.variable): e for e in found.gradients}
    todo, seen = list(labels), set[str]()
    while todo:
        label = todo.pop()
        if label in equations and label not in seen:
            seen.add(label)
            todo += [labelled("adjoint", c.through) for c in (*equations[label].terms, *equations[label].carries)]
    return frozenset(seen)


def labelled(kind: str, variable: Variable) -> str:
    """The label of the equation of an adjoint or a gradient."""
    return f"{kind}-{variable.name}"
