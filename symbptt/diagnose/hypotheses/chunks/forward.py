"""Mistakes that are made in the forward pass already, and in a backward pass that belongs to it."""

from collections.abc import Iterator
from dataclasses import replace

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix, ZeroMatrix

from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME, Elementwise
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.hypotheses.chunks.variants import Variant, Variants, exponential
from symbptt.diagnose.mutant import Mutant
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass
from symbptt.model.values import Equation, Model


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """Every variant of a part in one equation, or in all; a state that does not reach the next chunk, or reaches it twice."""
    if not point.padding:
        return
    model = backward.model
    known = Variants(model, point.padding)
    readers: dict[Variant, list[Equation]] = {}
    for equation in model.equations:
        for variant in dict.fromkeys(known.of(equation.value)):
            readers.setdefault(variant, []).append(equation)
            yield _mutant(model, [equation], variant)
        yield from _carries(known, equation)
    yield from (_mutant(model, found, variant) for variant, found in readers.items() if len(found) > 1)


def _mutant(model: Model, equations: list[Equation], variant: Variant) -> Mutant:
    wrong, right = words.text(variant.wrong, model), words.text(variant.right, model)
    number = ", ".join(str(e.number) for e in equations)
    place = f"equation{'s' * (len(equations) > 1)} ({number}) of the forward pass"
    sides = " and ".join(words.text(e.value, model) for e in equations)
    said = {"place": place, "wrong": wrong, "right_factor": right, "right": sides, "where": f" in {place}",
            "what": f"padding counts in {place}", "fix": "What fills up the last chunk has keys, values and gates of zero."}
    cause = Cause(variant.name, None, equations[0].target.name, 0, tuple(said.items()))
    return Mutant((cause,), model=_with(model, {e: e.value.xreplace(variant.rules) for e in equations}))


def _carries(known: Variants, equation: Equation) -> Iterator[Mutant]:
    """What the state before gives an equation: left out, taken twice, or without the decay that it meets."""
    model = known.model
    for state in model.states:
        before = state.at(TIME - 1)
        shown = f"{words.text(before, model)} in equation ({equation.number}) of the forward pass"
        for name, other in (
            ("carry-dropped", ZeroMatrix(*before.shape)), ("counted-twice", tidy.scale(2, before)),
            *(("border-decay", tidy.hadamard(grown, before)) for grown in _grown(known, before)),
        ):
            value = _put(equation.value, before, other) if equation.value.has(before) else None
            if value is not None:
                said = {"state": state.name, "carry": shown, "what": shown, "place": shown, "wrong": "no factor",
                        "right_factor": "of the whole chunk", "right": words.text(equation.value, model)}
                cause = Cause(name, state.name, equation.target.name, 0, tuple(said.items()), True)
                yield Mutant((cause,), model=_with(model, {equation: value}))


def _grown(known: Variants, before: MatrixExpr) -> Iterator[MatrixExpr]:
    """One over each decay of the rows of a state, over its columns: what undoes it where it stands outside a sum."""
    for decay in dict.fromkeys(map(exponential, known.decays.values())):
        if decay.shape == (before.shape[0], 1):
            yield tidy.mul(Elementwise("exp", tidy.scale(-1, decay.operand)), OneMatrix(1, before.shape[1]))


def _put(value: MatrixExpr, before: MatrixExpr, other: MatrixExpr) -> MatrixExpr | None:
    """The value with another state before; summands that are nothing then are left out."""
    if not isinstance(value, sp.MatAdd):
        return value.xreplace({before: other}) if not tidy.is_zero(other) else None
    kept = [s for s in value.args if not (tidy.is_zero(other) and s.has(before))]
    return tidy.add(*(s.xreplace({before: other}) for s in kept)) if kept else None


def _with(model: Model, values: dict[Equation, MatrixExpr]) -> Model:
    """The model with other right sides."""
    return replace(model, equations=tuple(replace(e, value=values[e]) if e in values else e for e in model.equations))
