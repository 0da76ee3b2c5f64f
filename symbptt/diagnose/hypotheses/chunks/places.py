"""Where a mistake of chunk code is made: in one summand, in those of one value, in all that are alike."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.routes import BackwardPass, Route
from symbptt.model.values import Role


def groups(routes: Iterable[Route]) -> Iterator[tuple[Route, ...]]:
    """Each route, those that start at one value, those that lead to one, and all of them."""
    known = tuple(routes)
    keys: tuple[Callable[[Route], object], ...] = (
        lambda r: r.place, lambda r: r.through.name, lambda r: (r.target.name, r.lagged), lambda r: r.lagged, lambda r: 0
    )
    found: dict[tuple[Route, ...], None] = {}
    for key in keys:
        for value in dict.fromkeys(map(key, known)):
            found[tuple(r for r in known if key(r) == value)] = None
    yield from found


def cause(
    name: str, backward: BackwardPass, routes: Sequence[Route], wrong: MatrixExpr, right: MatrixExpr, **shown: str
) -> Cause:
    """A cause in some routes, with the words that sentences need."""
    model, first = backward.model, routes[0]
    said = {
        "place": words.places(routes, model), "wrong": words.text(wrong, model), "right_factor": words.text(right, model),
        "right": words.right_side(routes, model), "what": f"padding counts in {words.places(routes, model)}",
        "fix": "What fills up the last chunk has keys, values and gates of zero.", **shown,
    }
    state = first.target.name if first.target.role is Role.STATE else None
    return Cause(name, state, first.target.name, first.number, tuple(said.items()), first.lagged)
