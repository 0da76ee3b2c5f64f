"""Mistakes in the gradient of the loss by what it reads."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import build
from symbptt.algebra.nodes import CrossEntropySlope, Elementwise, Softmax
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.mutant import Mutant, swapped
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import Backward, Route


def _minus(a: MatrixExpr, b: MatrixExpr) -> MatrixExpr:
    return build.add(a, build.scale(-1, b))


def _softmax_slopes(o: MatrixExpr, y: MatrixExpr) -> dict[str, MatrixExpr]:
    """Gradients that are written in place of softmax(o) - y."""
    p = Softmax(o)
    rest = _minus(OneMatrix(*o.shape), p)
    error = _minus(p, y)
    return {
        "o − y: the softmax is missing": _minus(o, y),
        "ŷ: the target is never subtracted": p,
        "y − ŷ: the sign is wrong": _minus(y, p),
        "ŷ + y: the target is added": build.add(p, y),
        "−y": build.scale(-1, y),
        "−y/ŷ: the slope of the logarithm without that of the softmax": build.scale(
            -1, build.hadamard(y, Elementwise("reciprocal", p))
        ),
        "−y(1 − ŷ): only the diagonal of the softmax's Jacobian": build.scale(-1, build.hadamard(y, rest)),
        "(ŷ − y)ŷ(1 − ŷ): the slope of the softmax enters twice": build.hadamard(error, p, rest),
        "ŷ(1 − ŷ)": build.hadamard(p, rest),
        "σ(o) − y: a sigmoid in place of the softmax": _minus(Elementwise("sigmoid", o), y),
        "ŷ − y also where a step has no class": error,
    }


def mutants(program: Backward, point: Point) -> Iterator[Mutant]:
    """Other expressions in the place of the loss gradient."""
    for route in program.routes:
        if not route.external or program.model.loss is None:
            continue
        for node in sorted(route.value.atoms(CrossEntropySlope), key=str):
            for wrong, value in _softmax_slopes(*node.args).items():
                yield _mutant(program, route, node, value, "softmax cross-entropy", wrong)
        if isinstance(route.value, sp.MatAdd):
            for summand in route.value.args:
                rest = build.add(*(a for a in route.value.args if a is not summand))
                yield _mutant(program, route, route.value, rest, "loss", words.text(rest, program.model))
            squared = build.hadamard(route.value, route.value)
            yield _mutant(program, route, route.value, squared, "loss", words.text(squared, program.model))


def _mutant(program: Backward, route: Route, old: MatrixExpr, new: MatrixExpr, which: str, wrong: str) -> Mutant:
    right = words.text(route.value, program.model)
    if "CrossEntropySlope" in str(old.func):
        right = right.replace("softmax", "ŷ − y = softmax", 1)
    shown = (("which", which), ("wrong", wrong), ("right", right))
    return Mutant((Cause("loss-slope", None, route.target.name, route.number, shown),), swapped([route], {old: new}))
