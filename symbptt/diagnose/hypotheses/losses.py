"""Mistakes in the gradient of the loss by what it reads."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.evaluate import Array
from symbptt.algebra.nodes import CrossEntropySlope, Elementwise, Slope, Softmax
from symbptt.algebra.related import Adjoint
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.hypotheses.product import weights
from symbptt.diagnose.mutant import Mutant, only, swapped
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass, Route
from symbptt.model.values import Role


def _minus(a: MatrixExpr, b: MatrixExpr) -> MatrixExpr:
    return tidy.add(a, tidy.scale(-1, b))


def _softmax_slopes(o: MatrixExpr, y: MatrixExpr) -> dict[str, MatrixExpr]:
    """Gradients that are written in place of softmax(o) - y."""
    p = Softmax(o)
    rest = _minus(OneMatrix(*o.shape), p)
    error = _minus(p, y)
    return {
        "o − y: the softmax is missing": _minus(o, y),
        "ŷ: the target is never subtracted": p,
        "y − ŷ: the sign is wrong": _minus(y, p),
        "ŷ + y: the target is added": tidy.add(p, y),
        "−y": tidy.scale(-1, y),
        "−y/ŷ: the slope of the logarithm without that of the softmax": tidy.scale(
            -1, tidy.hadamard(y, Elementwise("reciprocal", p))
        ),
        "−y(1 − ŷ): only the diagonal of the softmax's Jacobian": tidy.scale(-1, tidy.hadamard(y, rest)),
        "(ŷ − y)ŷ(1 − ŷ): the slope of the softmax enters twice": tidy.hadamard(error, p, rest),
        "ŷ(1 − ŷ)": tidy.hadamard(p, rest),
        "σ(o) − y: a sigmoid in place of the softmax": _minus(Elementwise("sigmoid", o), y),
        "ŷ − y also where a step has no class": error,
    }


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """Other expressions in the place of the loss gradient."""
    for route in backward.routes:
        if not route.external or backward.model.loss is None:
            continue
        for node in sorted(route.value.atoms(CrossEntropySlope), key=str):
            for wrong, value in _softmax_slopes(*node.args).items():
                yield _mutant(backward, route, node, value, "softmax cross-entropy", wrong)
        if isinstance(route.value, sp.MatAdd):
            for summand in route.value.args:
                rest = tidy.add(*(a for a in route.value.args if a is not summand))
                yield _mutant(backward, route, route.value, rest, "loss", words.text(rest, backward.model))
            squared = tidy.hadamard(route.value, route.value)
            yield _mutant(backward, route, route.value, squared, "loss", words.text(squared, backward.model))


def other_losses(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """The gradient of another loss by what the loss compares with its targets, and the same loss with other numbers."""
    loss = backward.model.loss
    if loss is None or any(r.value.atoms(CrossEntropySlope) for r in backward.routes):
        return
    inside = {equation.target for equation in loss.equations}
    ends = [r for r in backward.routes if r.through in inside and r.target not in inside and not r.is_leaf]
    for target in dict.fromkeys(r.target for r in ends if not r.lagged):
        routes = [r for r in ends if r.target == target and not r.lagged]
        for y in backward.model.of(Role.TARGET):
            if y.at().shape == target.at().shape:
                yield from _compared(backward, point, routes, target.at(), y.at())
    yield from _other_numbers(backward, [r for r in backward.routes if r.through in inside])


def _compared(backward: BackwardPass, point: Point, routes: Sequence[Route], o: MatrixExpr, y: MatrixExpr) -> Iterator[Mutant]:
    first, error, slope = routes[0], _minus(o, y), _composed(backward, routes)
    right = words.text(slope, backward.model)
    masks = dict.fromkeys(w for r in backward.routes for w in weights(backward, r))
    counts = [tidy.spread(w, *o.shape) for w in masks]
    for loss, value in (
        ("half the squared error", error),
        ("the absolute error", Slope("abs", error)),
        ("log cosh(o − y)", Elementwise("tanh", error)),
        ("the cross-entropy after a softmax", _minus(Softmax(o), y)),
        ("the binary cross-entropy after a sigmoid", _minus(Elementwise("sigmoid", o), y)),
    ):
        value = tidy.hadamard(value, *counts)
        if _parallel(point.constant(value), point.constant(slope)):
            continue  # right but for a factor, which is called one
        shown = (("which", "loss"), ("wrong", f"{words.text(value, backward.model)}, that of {loss}"), ("right", right))
        cause = Cause("loss-slope", None, first.target.name, first.number, shown)
        alone = replace(first, value=value, external=True)
        yield Mutant((cause,), only(routes, lambda r, alone=alone: (alone,) if r.place == alone.place else ()))  # type: ignore[misc]


def _parallel(one: Array, other: Array) -> bool:
    a, b = (np.broadcast_to(array, np.broadcast_shapes(one.shape, other.shape)).ravel() for array in (one, other))
    return bool(abs(abs(a @ b) - np.linalg.norm(a) * np.linalg.norm(b)) <= 1e-12 * np.linalg.norm(a) * np.linalg.norm(b))


def _composed(backward: BackwardPass, routes: Sequence[Route]) -> MatrixExpr:
    """What reaches a value from the loss, without the adjoints in between."""
    def value(route: Route) -> MatrixExpr:
        if route.external:
            return route.value
        return _put(route.value, Adjoint(route.through.at()), _composed(backward, backward.into(route.through.name)))

    return tidy.add(*map(value, routes))


def _put(value: MatrixExpr, adjoint: MatrixExpr, known: MatrixExpr) -> MatrixExpr:
    """A route's value with an adjoint that is known; factors of one are left out."""
    number, factors = tidy.split_number(value)
    if len(factors) == 1 and isinstance(factors[0], sp.HadamardProduct):
        return tidy.scale(number, tidy.hadamard(*(a.xreplace({adjoint: known}) for a in factors[0].args)))
    return tidy.scale(number, tidy.mul(*(f.xreplace({adjoint: known}) for f in factors)))


def _other_numbers(backward: BackwardPass, routes: Sequence[Route]) -> Iterator[Mutant]:
    """A number of a function in the loss, as the border of Huber's, halved, doubled or left at one."""
    for function in dict.fromkeys(f for r in routes for f in sorted(r.value.atoms(Elementwise), key=str) if f.numbers):
        readers = [r for r in routes if function in r.value.atoms(Elementwise)]
        for i, number in enumerate(function.numbers):
            for other in dict.fromkeys((number / 2, 2 * number, sp.S.One, number / 10, 10 * number)):
                numbers = (*function.numbers[:i], other, *function.numbers[i + 1:])
                new = function.func(function.name, *numbers, function.args[-1])
                wrong, right = (words.text(f, backward.model) for f in (new, function))
                shown = (("which", "loss"), ("wrong", f"that with {wrong}"), ("right", f"that with {right}"))
                cause = Cause("loss-slope", None, readers[0].target.name, readers[0].number, shown)
                yield Mutant((cause,), swapped(readers, {function: new}))


def _mutant(backward: BackwardPass, route: Route, old: MatrixExpr, new: MatrixExpr, which: str, wrong: str) -> Mutant:
    right = words.text(route.value, backward.model)
    if "CrossEntropySlope" in str(old.func):
        right = right.replace("softmax", "ŷ − y = softmax", 1)
    shown = (("which", which), ("wrong", wrong), ("right", right))
    return Mutant((Cause("loss-slope", None, route.target.name, route.number, shown),), swapped([route], {old: new}))
