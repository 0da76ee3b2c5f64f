"""A hypothesis: what somebody may have done wrong, as a change of the backward pass that predicts their numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.diagnose.case import Case
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.interpret import Gradients, Terms, interpret
from symbptt.diagnose.routes import BackwardPass, Route
from symbptt.model.values import Model

Edit = Callable[[BackwardPass], BackwardPass]
Filter = Callable[[Terms], Terms]


@dataclass(frozen=True)
class Mutant:
    """A wrong backward pass: `edit` changes its routes, `keep` its terms, `unset` are states that start at zero.

    `model` is the model that it belongs to, where the mistake is in the forward pass already.
    """

    causes: tuple[Cause, ...]
    edit: Edit | None = None
    keep: Filter | None = None
    unset: frozenset[str] = frozenset()
    model: Model | None = None

    @property
    def rank(self) -> int:
        """The order of the table; several causes of one kind count as one."""
        return sum({cause.rank for cause in self.causes})

    def after(self, other: Mutant) -> Mutant:
        """Both mistakes at once, this one's edit after the other's."""
        edits = [m.edit for m in (other, self) if m.edit]
        keeps = [m.keep for m in (other, self) if m.keep]
        causes, model = (*other.causes, *self.causes), self.model or other.model
        return Mutant(causes, _chain(edits), _chain(keeps), self.unset | other.unset, model)


def together(made: Sequence[Mutant]) -> Mutant:
    """All of these mistakes at once, each after those before it."""
    whole = made[0]
    for mutant in made[1:]:
        whole = mutant.after(whole)
    return whole


_Value = TypeVar("_Value")


def _chain(functions: list[Callable[[_Value], _Value]]) -> Callable[[_Value], _Value] | None:
    def both(value: _Value) -> _Value:
        for function in functions:
            value = function(value)
        return value

    return both if functions else None


def _changed(mutant: Mutant, case: Case) -> tuple[Case, BackwardPass]:
    """The case of the mutant's model, and its pass after the edit."""
    case = case.having(mutant.model) if mutant.model else case
    return case, mutant.edit(case.backward) if mutant.edit else case.backward


def terms(mutant: Mutant, case: Case, names: frozenset[str] | None = None) -> Terms:
    """The terms that a mutant predicts, of the gradients in `names`."""
    case, changed = _changed(mutant, case)
    point, near = (case.unset(mutant.unset), None) if mutant.unset else (case.point, case.sweep)
    found = interpret(changed, point, names, near)
    return mutant.keep(found) if mutant.keep else found


def predicted(mutant: Mutant, case: Case, names: frozenset[str] | None = None) -> Gradients:
    """The gradients that a mutant predicts."""
    if mutant.keep is not None:
        return terms(mutant, case, names).gradients()
    case, changed = _changed(mutant, case)
    point, near = (case.unset(mutant.unset), None) if mutant.unset else (case.point, case.sweep)
    if changed.chain is None:  # products of Jacobians start anew for each loss step
        point, near = (point.merged(), None) if mutant.unset else (case.merged, case.total)
    return interpret(changed, point, names, near).gradients()


def only(routes: Iterable[Route], change: Callable[[Route], Iterable[Route]]) -> Edit:
    """Change these routes of a pass, whatever else has been changed in them."""
    places = {route.place for route in routes}
    return lambda backward: backward.edited(lambda route: change(route) if route.place in places else (route,))


def changed(values: Mapping[int, Callable[[MatrixExpr], MatrixExpr]]) -> Edit:
    """Give each route, by its place, its own change of value."""
    def edit(route: Route) -> tuple[Route, ...]:
        return (route.having(values[route.place](route.value)) if route.place in values else route,)

    return lambda backward: backward.edited(edit)


def dropped(routes: Iterable[Route]) -> Edit:
    """Leave these routes out."""
    return only(routes, lambda route: ())


def valued(routes: Iterable[Route], value: Callable[[MatrixExpr], MatrixExpr]) -> Edit:
    """Give these routes other values, made of their present ones."""
    return only(routes, lambda route: (route.having(value(route.value)),))


def swapped(routes: Iterable[Route], rules: dict[MatrixExpr, MatrixExpr]) -> Edit:
    """Put other expressions in the place of parts of these routes, all at once."""
    return valued(routes, lambda value: value.xreplace(rules))
