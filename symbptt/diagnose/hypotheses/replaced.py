"""Any value or weight of a summand in the place of another of its shape, wherever it stands: tried where nothing else fits."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.nodes import Timed
from symbptt.algebra.related import Related
from symbptt.diagnose.hypotheses.product import other_factor, others
from symbptt.diagnose.mutant import Mutant
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """Every value and every weight that a route reads, replaced in that route."""
    for route in backward.routes:
        for read in sorted(route.value.atoms(sp.MatrixSymbol), key=str):
            if not isinstance(read, Related) and backward.model[read.name].tied:
                yield from (other_factor(backward, route, read, wrong) for wrong in _instead(backward, read) if wrong != read)


def _instead(backward: BackwardPass, read: MatrixExpr) -> Iterator[MatrixExpr]:
    """Others of its shape; of a value without a name of its own also what it would be with another value inside."""
    yield from _alike(backward, read)
    definition = backward.model[read.name].definition
    if definition is not None and read == backward.model[read.name].at():
        for inner in sorted(definition.atoms(sp.MatrixSymbol), key=str):
            yield from (definition.xreplace({inner: other}) for other in _alike(backward, inner) if other != inner)


def _alike(backward: BackwardPass, read: MatrixExpr) -> list[MatrixExpr]:
    if isinstance(read, Timed):
        return others(backward, read)
    return [v.at() for v in backward.model.parameters if v.tied and v.at().shape == read.shape]
