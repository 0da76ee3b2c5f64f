"""Mistakes of one step: h_t for h_{t-1}, an adjoint of another step, an index that runs out at the end."""

from collections.abc import Iterator, Sequence

from symbptt.algebra.nodes import TIME, Timed
from symbptt.algebra.related import Adjoint, Related
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.displaced import Wrapped
from symbptt.diagnose.mutant import Mutant, swapped
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass, Route


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """Every value that a route reads, one step early or late: in one route, in all gradients, everywhere."""
    for symbol in _read(backward.routes):
        groups = _groups(backward, symbol)
        for offset in (1, -1):
            for routes in groups:
                yield from _shifted(backward, routes, symbol, offset)


def _read(routes: Sequence[Route]) -> list[Timed]:
    found: dict[Timed, None] = {}
    for route in routes:
        found.update(dict.fromkeys(s for s in sorted(route.reads, key=str) if not isinstance(s, Related)))
        if route.is_leaf and not route.external:
            found.update(dict.fromkeys(route.value.atoms(Adjoint)))
    return list(found)


def _groups(backward: BackwardPass, symbol: Timed) -> list[tuple[Route, ...]]:
    readers = tuple(r for r in backward.routes if symbol in r.reads)
    leaves = tuple(r for r in readers if r.is_leaf)
    inside = tuple(r for r in readers if not r.is_leaf)
    if isinstance(symbol, Adjoint):
        return list(dict.fromkeys([*((r,) for r in leaves), leaves]))
    return list(dict.fromkeys(g for g in (*((r,) for r in readers), leaves, inside, readers) if g))


def _shifted(backward: BackwardPass, routes: tuple[Route, ...], symbol: Timed, offset: int) -> Iterator[Mutant]:
    if isinstance(symbol, Adjoint) and offset < 0:
        return  # the adjoint of the step before is not known yet
    wrong = symbol.xreplace({TIME: TIME + offset})
    model = backward.model
    shown = (("wrong", words.text(wrong, model)), ("right", words.text(symbol, model)), ("place", words.places(routes, model)))
    name = symbol.primal.name if isinstance(symbol, Adjoint) else symbol.name
    state = name if model[name] in model.states else None
    cause = Cause("off-by-one", state, name, routes[0].number, shown, routes[0].lagged, routes[0].target.name)
    yield Mutant((cause,), swapped(routes, {symbol: wrong}))
    first = TIME if state is None else TIME - 1
    runs_out = symbol.step + offset not in (TIME, first)
    if runs_out and not isinstance(symbol, Adjoint):
        yield Mutant((cause,), swapped(routes, {symbol: Wrapped(wrong)}))
