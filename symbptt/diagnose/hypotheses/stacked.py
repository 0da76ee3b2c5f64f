"""Mistakes where an input and a state are one column [x; h]: the wrong part of its adjoint is handed back."""

from collections.abc import Iterator

import sympy as sp

from symbptt.algebra.nodes import Concat, Slice
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.linear import has_adjoint
from symbptt.diagnose.mutant import Mutant, swapped
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass, Route
from symbptt.model.values import Role


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """The first rows of [x; h] for the last, and the last of [h; x] for the first."""
    for route in backward.routes:
        for part in filter(has_adjoint, sorted(route.value.atoms(Slice), key=str)):
            yield from _other_ends(backward, route, part)
    pairs = [(carry, beside) for carry in backward.routes if carry.lagged and (beside := _beside(backward, carry)) is not None]
    carries = [carry for carry, _ in pairs]
    through = {c.through for c in carries}
    if not pairs or any(r.lagged and r.through in through and r not in carries for r in backward.routes):
        return
    for stacked, rows, part in (("[x; h]", "first", 0), ("[h; x]", "last", 1)):
        rules = {}
        for carry, beside in pairs:
            whole = Concat(beside.value, carry.value) if part == 0 else Concat(carry.value, beside.value)
            start = 0 if part == 0 else beside.value.shape[0]
            rules[carry.value] = Slice(whole, start, start + carry.value.shape[0])
        wrong = f"the {rows} rows of the adjoint of {stacked}"
        shown = (("place", words.place(carries[0], backward.model)), ("wrong", wrong), ("stacked", stacked))
        cause = Cause("slice-wrong", carries[0].target.name, carries[0].target.name, carries[0].number, shown, True)
        yield Mutant((cause,), swapped(carries, rules))


def _other_ends(backward: BackwardPass, route: Route, part: Slice) -> Iterator[Mutant]:
    """As many rows from the other end of a column that values were put together in."""
    whole, start, stop = part.args
    length = stop - start
    for rows, first in (("first", sp.S.Zero), ("last", whole.shape[0] - length)):
        if first != start:
            wrong = f"the {rows} rows of {words.text(whole, backward.model)}"
            shown = (("place", words.place(route, backward.model)), ("wrong", wrong), ("stacked", ""))
            state = route.target.name if route.lagged else None
            cause = Cause("slice-wrong", state, route.target.name, route.number, shown, route.lagged)
            yield Mutant((cause,), swapped([route], {part: Slice(whole, first, first + length)}))


def _beside(backward: BackwardPass, carry: Route) -> Route | None:
    """What the same adjoint sends to an input."""
    found = [r for r in backward.routes if r.target.role is Role.INPUT and r.through == carry.through and not r.external]
    columns = len(found) == 1 and found[0].value.shape[1] == carry.value.shape[1] == 1
    return found[0] if columns else None
