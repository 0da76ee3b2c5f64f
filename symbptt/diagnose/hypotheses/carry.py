"""Mistakes in what a step hands to the step before it, and in summands of adjoints."""

from collections.abc import Iterator
from dataclasses import replace

from symbptt.algebra import tidy
from symbptt.algebra.related import Adjoint
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.mutant import Mutant, dropped, valued
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass, Route
from symbptt.model.values import Role, Variable


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """Carries dropped or piled up, and summands missing, doubled or negated."""
    yield from _carries(backward, point)
    yield from _starts(backward)
    yield from _gates(backward)
    for route in backward.routes:
        yield from _summand(backward, route)
    yield from _assigned(backward)


def _dropped(backward: BackwardPass, state: Variable) -> Cause:
    shown = (("state", state.name), ("carry", words.carry(backward, state)))
    return Cause("carry-dropped", state.name, state.name, _number(backward, state), shown)


def _number(backward: BackwardPass, variable: Variable) -> int:
    return next((r.number for r in backward.routes if r.target == variable), 0)


def _carries(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    carrying = [s for s in backward.model.states if backward.into(s.name, lagged=True)]
    groups = [(s,) for s in carrying] + ([tuple(carrying)] if len(carrying) > 1 else [])
    for group in groups:
        names = frozenset(s.name for s in group)
        causes = tuple(_dropped(backward, s) for s in group)
        yield Mutant(causes, lambda p, names=names: replace(p, cut=p.cut | names))  # type: ignore[misc]
        yield Mutant(causes, dropped(r for s in group for r in backward.into(s.name, lagged=True)))
    for state in carrying:
        what = f"the carry to the adjoint of {state.name} is added to the one before instead of replacing it"
        shown = (("what", what), ("fix", "Assign the carry at every step; only gradients of parameters are added up."))
        cause = Cause("stale-buffer", state.name, state.name, _number(backward, state), shown, True)
        yield Mutant((cause,), lambda p, name=state.name: replace(p, piled=p.piled | {name}))  # type: ignore[misc]
        yield _never_cleared(backward, state, cause)
    if carrying and point.N > 1:
        what = "the carry is not set to zero before the next sample: it starts with what the sample before it left"
        shown = (("what", what), ("fix", "Every sample starts its backward pass with a carry of zero."))
        cause = Cause("stale-buffer", carrying[0].name, carrying[0].name, _number(backward, carrying[0]), shown, True)
        yield Mutant((cause,), lambda p: replace(p, leaking=True))


def _starts(backward: BackwardPass) -> Iterator[Mutant]:
    """The gradient of an initial state, taken a step too early or with what belongs to step 1."""
    for state in backward.model.states:
        if not backward.into(state.name, lagged=True):
            continue
        before = words.text(Adjoint(state.at(0)), backward.model)
        name = frozenset([state.name])
        place = ("place", f"d{state.name}_0")
        for value in (v for v in backward.order if v.at().shape == state.at().shape):
            wrong = words.text(Adjoint(value.at(1)), backward.model)
            early = (place, ("wrong", wrong), ("right", f"{before}, what step 1 hands to step 0"))
            cause = Cause("off-by-one", state.name, state.name, _number(backward, state), early)
            taken = frozenset([(state.name, value.name)])
            yield Mutant((cause,), lambda p, taken=taken: replace(p, early=p.early | taken))  # type: ignore[misc]
        if own := backward.into(state.name):
            again = (place, ("summand", f"{words.right_side(own, backward.model)} of step 1"))
            cause = Cause("summand-extra", state.name, state.name, _number(backward, state), again)
            yield Mutant((cause,), lambda p, name=name: replace(p, again=p.again | name))  # type: ignore[misc]


def _never_cleared(backward: BackwardPass, state: Variable, other: Cause) -> Mutant:
    """The adjoint of step t+1 is still in the buffer when that of step t is added."""
    what = f"the adjoint of {state.name} is never cleared: that of step t+1 is still in it at step t"
    cause = replace(other, words=(("what", what), ("fix", "Start every step with the carry alone.")))
    left = Route(state, True, state, Adjoint(state.at()), False, other.number, -1 - backward.model.states.index(state))
    return Mutant((cause,), lambda p: replace(p, routes=(*p.routes, left)))


def _gates(backward: BackwardPass) -> Iterator[Mutant]:
    """A gate without an adjoint, or whose adjoint reaches no parameter."""
    for variable in _gated(backward):
        name = words.value(variable, backward.model)
        incoming = backward.into(variable.name)
        leaving = [r for r in backward.routes if r.through == variable]
        leaves = [r for r in leaving if r.is_leaf]
        carries = [r for r in leaving if r.lagged]
        for routes, place in (
            (incoming, "its adjoint is zero"),
            (leaves if len(leaves) > 1 else (), "its parameters get no gradient"),
            (carries if carries and leaves else (), "it sends nothing to the step before"),
        ):
            if routes and incoming:
                shown, to = (("gate", name), ("place", place)), routes[0].target.name
                cause = Cause("gate-missing", None, variable.name, incoming[0].number, shown, routes is carries, to)
                yield Mutant((cause,), dropped(routes))


def _gated(backward: BackwardPass) -> list[Variable]:
    """The gates, before and after their functions, of a model that has several."""
    def is_gate(v: Variable) -> bool:
        fed = any(r.external for r in backward.into(v.name))
        named = v.role is Role.LOCAL and v.definition is None
        return named and not fed and any(r.is_leaf and r.through == v for r in backward.routes)

    before = [v for v in backward.order if is_gate(v)]
    if len(before) < 2:
        return []
    after = {r.through.name for v in before for r in backward.into(v.name)}
    return [v for v in backward.order if v in before or (v.name in after and v.role is Role.LOCAL)]


def _summand(backward: BackwardPass, route: Route) -> Iterator[Mutant]:
    model = backward.model
    state = route.target.name if route.lagged else None
    place, summand = words.place(route, model), words.text(route.value, model)
    alone = len(backward.into(route.target.name, route.lagged)) == 1

    def cause(name: str, **shown: str) -> Cause:
        return Cause(name, state, route.target.name, route.number, tuple(shown.items()), route.lagged)

    if route.is_leaf and alone:
        yield Mutant((cause("not-computed", right=summand),), dropped([route]))
    else:
        yield Mutant((cause("route-missing", summand=summand, place=place),), dropped([route]))
    what = f"the summand {summand} of {place}"
    fix = "It enters with the sign that it has there."
    yield Mutant((cause("sign-flipped", what=what, fix=fix),), valued([route], lambda v: tidy.scale(-1, v)))
    yield Mutant((cause("counted-twice", what=what),), valued([route], lambda v: tidy.scale(2, v)))


def _assigned(backward: BackwardPass) -> Iterator[Mutant]:
    """= for += inside a step: only one summand of an adjoint remains."""
    for variable in backward.order:
        inside = backward.into(variable.name)
        carried = backward.into(variable.name, lagged=True)
        for kept in inside:
            gone = [r for r in (*inside, *carried) if r is not kept]
            if gone:
                yield _only(backward, variable, gone, words.text(kept.value, backward.model))
        if inside and carried:
            yield _only(backward, variable, list(inside), "the carry alone")
            if len(carried) > 2:
                for kept in carried:
                    rest = [r for r in carried if r is not kept]
                    yield _only(backward, variable, rest, f"of the carry, {words.text(kept.value, backward.model)} alone")


def _only(backward: BackwardPass, variable: Variable, gone: list[Route], left: str) -> Mutant:
    what = f"the adjoint of {words.value(variable, backward.model)}"
    state = variable.name if variable.role is Role.STATE else None
    shown, carry = (("what", what), ("left", left)), all(r.lagged for r in gone)
    cause = Cause("overwritten", state, variable.name, gone[0].number, shown, carry)
    return Mutant((cause,), dropped(gone))
