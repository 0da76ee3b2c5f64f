"""A backward pass as data: the routes by which adjoints flow, so that a wrong one can be written down and evaluated.

A route is one summand of one adjoint or gradient in template time. A mistake is an edit of routes: one left out, another
factor, another step. `symbptt.diagnose.interpret` evaluates the edited pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.nodes import Timed
from symbptt.algebra.related import Cotangent
from symbptt.derive.recursion import recursion
from symbptt.derive.sweep import Contribution
from symbptt.model.values import Model, Role, Variable


@dataclass(frozen=True)
class Route:
    """What `through` contributes to `target`, at step t, or to the value of step t-1 with `lagged`.

    `value` reads the adjoint of `through` at step t; `external` routes start at the loss or at a cotangent instead.
    `number` is the equation's number in the derivation; `place` tells the routes of a pass apart, edited or not.
    """

    target: Variable
    lagged: bool
    through: Variable
    value: MatrixExpr
    external: bool
    number: int
    place: int

    @property
    def is_leaf(self) -> bool:
        """Whether the route ends at a parameter or an input, where nothing flows on."""
        return self.target.role in (Role.PARAMETER, Role.INPUT)

    @cached_property
    def reads(self) -> frozenset[Timed]:
        """What stands in its value, adjoints as well."""
        return frozenset(self.value.atoms(Timed))

    def having(self, value: MatrixExpr) -> Route:
        """The same route with another value."""
        return replace(self, value=value)


@dataclass(frozen=True)
class Chain:
    """A product of Jacobians of steps: those that an adjoint from step t meets on its way to step k, first to last.

    With `turned` they are transposed. The right one has J_t, J_{t−1}, …, J_{k+1}.
    """

    steps: Callable[[int, int], Sequence[int]]
    turned: bool = False


@dataclass(frozen=True)
class BackwardPass:
    """A backward pass: `order` are the values whose adjoints are computed, in order; `routes` feed them.

    `cut` are states whose carry is computed but never added; `piled` are states whose carry is added up instead of replaced.
    With a `chain` the Jacobians of the steps are multiplied out, in its way. Of each (state, value) in `early` the value's
    adjoint of step 1 is taken for that of the initial state; to those in `again` what step 1 gives the state itself is added.
    Where it is `leaking`, a sample starts with the carry that the sample before it left.
    """

    model: Model
    order: tuple[Variable, ...]
    routes: tuple[Route, ...]
    cut: frozenset[str] = frozenset()
    piled: frozenset[str] = frozenset()
    chain: Chain | None = None
    early: frozenset[tuple[str, str]] = frozenset()
    again: frozenset[str] = frozenset()
    leaking: bool = False

    @cached_property
    def inner(self) -> tuple[Route, ...]:
        """The routes between adjoints."""
        return tuple(route for route in self.routes if not route.is_leaf)

    @cached_property
    def _by_target(self) -> dict[tuple[str, bool], tuple[Route, ...]]:
        found: dict[tuple[str, bool], list[Route]] = {}
        for route in self.routes:
            found.setdefault((route.target.name, route.lagged), []).append(route)
        return {key: tuple(routes) for key, routes in found.items()}

    def edited(self, edit: Callable[[Route], Iterable[Route]]) -> BackwardPass:
        """The pass with every route replaced by the routes that `edit` makes of it."""
        return replace(self, routes=tuple(new for route in self.routes for new in edit(route)))

    def into(self, name: str, lagged: bool = False) -> tuple[Route, ...]:
        """The routes that end at a variable."""
        return self._by_target.get((name, lagged), ())


def backward_pass(model: Model) -> BackwardPass:
    """The correct backward pass of a model; without a loss its outputs take cotangents."""
    derived = recursion(model)
    loss = model.loss.target if model.loss else None
    routes: list[Route] = []

    def add(variable: Variable, term: Contribution, lagged: bool, number: int) -> None:
        external = term.through == loss or bool(term.value.atoms(Cotangent))
        routes.append(Route(variable, lagged, term.through, term.value, external, number, len(routes)))

    for equation in derived.adjoints:
        for term in equation.terms:
            add(equation.variable, term, False, equation.number)
    for equation in derived.gradients:
        # What a state starts from has no route of its own: it receives what the state carries to step 0.
        for term in () if model.starting(equation.variable) else equation.terms:
            is_state = equation.variable.role is Role.STATE
            number = derived.adjoint_number(equation.variable.name) if is_state else equation.number
            add(equation.variable, term, is_state, number)
    return BackwardPass(model, tuple(e.variable for e in derived.adjoints), tuple(routes))

