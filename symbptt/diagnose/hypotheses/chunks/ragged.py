"""The last chunk, where it is not full: never visited, some of its gradients never written, its decay read behind its end."""

from collections.abc import Iterator

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix, ZeroMatrix

from symbptt.algebra import tidy
from symbptt.algebra.related import Adjoint
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.displaced import Border
from symbptt.diagnose.hypotheses.blocks import at_borders
from symbptt.diagnose.hypotheses.chunks.borders import at_last
from symbptt.diagnose.hypotheses.chunks.places import cause, groups
from symbptt.diagnose.hypotheses.chunks.variants import Variants
from symbptt.diagnose.mutant import Mutant, changed, swapped
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass, Route
from symbptt.model.values import Role

_LAST = "in the last chunk, which is not full"


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """Nothing where all chunks are full, or where there is one chunk alone."""
    mask = point.constant(backward.model[point.padding].at())
    if point.T < 2 or bool(np.all(mask)):
        return
    yield _unvisited(backward, point)
    yield from _unwritten(backward, point)
    yield from _behind_the_end(backward, point)


def _unvisited(backward: BackwardPass, point: Point) -> Mutant:
    """A loop over T // C chunks: the adjoint of the final state is taken for that at the last full border."""
    passed = {r.place: Adjoint(r.through.at()) for r in backward.routes if r.lagged and r.through == r.target}
    through = {r.target.name for r in backward.routes if r.place in passed}

    def value(route: Route, right: MatrixExpr) -> MatrixExpr:
        return at_borders(right, passed.get(route.place, ZeroMatrix(*right.shape)), point.T - 1)

    # Where the carry of a state starts at a value inside the step, the first of its routes hands the state's adjoint on.
    for route in backward.routes:
        if route.lagged and route.target.name not in through:
            through.add(route.target.name)
            passed[route.place] = Adjoint(route.target.at())
    edits = {r.place: lambda right, r=r: value(r, right) for r in backward.routes if r.is_leaf or r.lagged}
    said = (("what", f"no token {_LAST.removeprefix('in ')} is ever visited"),
            ("fix", "There are ⌈T/C⌉ chunks, the last one with the tokens that are left."))
    return Mutant((Cause("ragged-end", words=said),), changed(edits))


def _unwritten(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """Gradients, and summands of them, that do not enter in the last chunk."""
    inputs = [v for v in backward.model.of(Role.INPUT) if v.name != point.padding]
    whole = [tuple(backward.into(v.name)) for v in inputs]
    for routes in dict.fromkeys((*whole, *((r,) for r in backward.routes if not r.external))):
        if routes:
            right = tidy.add(*(r.value for r in routes)) if len({r.target for r in routes}) == 1 else routes[0].value
            made = cause("ragged-end", backward, routes, ZeroMatrix(*right.shape), right)
            place = dict(made.words)["place"]
            said = (("what", f"{dict(made.words)['right']} does not enter {place} {_LAST}"),
                    ("fix", "The tokens of the last chunk get what those of any other do."))
            yield Mutant((Cause(made.name, made.state, made.subject, made.number, said, made.carry),), at_last(routes, point))


def _behind_the_end(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """The sum over a chunk read at row C, where the last chunk has nothing."""
    known = Variants(backward.model, point.padding)
    gates = set(known.sums.values())
    rules: dict[MatrixExpr, MatrixExpr] = {}
    for decay, value in known.decays.items():
        totals = [n for n in sorted(value.atoms(sp.MatMul), key=str) if _is_total(n, gates)]
        if totals:
            gone = {n: tidy.add(n, tidy.scale(-1, tidy.hadamard(Border(point.T - 1, *n.shape), n))) for n in totals}
            rules[decay] = value.xreplace(gone)
    products = {s: v for s, v in known.products.items() if v.atoms(sp.MatrixSymbol) & rules.keys()}
    rules |= {symbol: value.xreplace(rules) for symbol, value in products.items()}
    for routes in groups(r for r in backward.routes if r.reads & rules.keys()):
        place = dict(cause("ragged-end", backward, routes, routes[0].value, routes[0].value).words)["place"]
        said = (("what", f"the decay of the chunk is read at row C in {place}, also {_LAST}"),
                ("fix", "The decay of a chunk is the cumulated sum at its last token."))
        made = Cause("ragged-end", None, routes[0].target.name, routes[0].number, said, routes[0].lagged)
        yield Mutant((made,), swapped(routes, rules))


def _is_total(node: sp.MatMul, gates: set[MatrixExpr]) -> bool:
    """Whether a product is the sum over the tokens of a chunk."""
    factors = [f.arg if isinstance(f, sp.Transpose) else f for f in node.args]
    rest = [f for f in factors if not isinstance(f, OneMatrix)]
    return len(rest) == 1 and rest[0] in gates and len(factors) > 1
