"""Questions whose answer is a number: an entry of a gradient or of an adjoint, and how many terms there are."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import floor, log10
from random import Random

import numpy as np
import sympy as sp

from symbptt.algebra.evaluate import Array
from symbptt.algebra.nodes import Timed
from symbptt.algebra.related import Adjoint
from symbptt.derive.recursion import recursion
from symbptt.diagnose.case import case
from symbptt.diagnose.hypotheses import mutants
from symbptt.diagnose.mutant import predicted
from symbptt.document.example.numbers import learned_start
from symbptt.document.exercises import counting
from symbptt.document.graph.picture import scene
from symbptt.mistakes import named
from symbptt.model.values import Role, Variable
from symbptt.narrative import forward, symbols
from symbptt.narrative.inline import Prose, math
from symbptt.quiz.context import QuizContext
from symbptt.quiz.kinds.choices import OPTIONS
from symbptt.quiz.point import Point, mixes_samples, point
from symbptt.quiz.question import Body, Choice, Formulas, Numerical, Option, Picture
from symbptt.typeset.scalars import signed_number
from symbptt.typeset.tree import Equality, Matrix, Tree
from symbptt.verify.exact.whole_graph import leaves

T, PICTURED = 2, 3
MOST = 6
"""So many wrong numbers are told at most."""
VAGUE = frozenset({"factor", "factor-wrong", "terms-missing", "stale-buffer", "not-deterministic"})
"""Mistakes whose sentence says too little of what was done."""
DECIMALS = 1
"""The given numbers have so many."""
DIGITS = 3
"""Significant digits that are asked for."""
LEAST = 0.01
"""The smallest number, by its size, that is asked for."""
TRIED = 40
"""So many mistakes, drawn at random, are evaluated for a question."""
APART = 4
"""Numbers that mistakes give are at least so many tolerances from the right one and from each other."""


def gradient(context: QuizContext, random: Random) -> Numerical | None:
    """An entry of the gradient by a parameter; numbers that mistakes give are told."""
    found = _gradient(context, random)
    if found is None:
        return None
    at, asked, answer, wrong = found
    presentation = context.presentation
    return Numerical(
        kind="gradient", title=presentation.prose("quiz.gradient.title", value=asked), answer=answer, tolerance=tolerance(answer),
        body=(*_given(context, at), presentation.prose("quiz.gradient.question", value=asked), _accuracy(context, answer)),
        wrong=tuple(wrong), secrets=(written(answer),),
    )


def gradient_choice(context: QuizContext, random: Random) -> Choice | None:
    """The same with the right number among those of mistakes."""
    found = _gradient(context, random)
    if found is None or len(found[3]) < 2:
        return None
    at, asked, answer, wrong = found
    presentation = context.presentation
    form = f".{decimals(answer)}f"
    options = [Option((signed_number(answer, form),), True, (), (answer,))]
    options += [Option((signed_number(value, form),), False, said, (value,)) for value, said in wrong[: OPTIONS - 1]]
    random.shuffle(options)
    return Choice(
        kind="number", title=presentation.prose("quiz.gradient.title", value=asked),
        body=(*_given(context, at), presentation.prose("quiz.number.question", value=asked)), options=tuple(options),
        secrets=(written(answer),),
    )


def adjoint(context: QuizContext, random: Random) -> Numerical | None:
    """An entry of the adjoint of a value at a step."""
    at, model, presentation = _at(context, random), context.model, context.presentation
    if at is None:
        return None
    values = [e.variable for e in recursion(model).adjoints if e.variable.definition is None]
    known = [symbol for v in values for t in range(1, T + 1) if (symbol := Adjoint(v.at(t))) in at.leaves]
    symbol = random.choice(known) if known else None
    entry = None if symbol is None else _entry(at.leaves[symbol][0], random)
    if symbol is None or entry is None:
        return None
    place, answer = entry
    asked = _of(context, presentation.tree(symbol, model), place, symbol.shape)
    return Numerical(
        kind="adjoint", title=presentation.prose("quiz.adjoint.title", value=asked), answer=answer, tolerance=tolerance(answer),
        body=(*_given(context, at), presentation.prose("quiz.adjoint.question", value=asked), _accuracy(context, answer)),
        secrets=(written(answer),),
    )


def count(context: QuizContext, random: Random) -> Numerical | None:
    """How many terms (t, k) or factors there are; the unrolled graph is shown."""
    found, presentation = counting.count(context.document, random), context.presentation
    if found is None:
        return None
    whole = scene(context.model, PICTURED, (), presentation)
    ahead = replace(whole, arrows=tuple(arrow for arrow in whole.arrows if not arrow.backward), routes=(), entries=())
    picture = Picture(ahead, presentation.plain("quiz.count.picture", steps=math(f"T = {PICTURED}")))
    return Numerical(
        kind="count", title=presentation.prose("quiz.count.title"), answer=float(found.answer), tolerance=0.0,
        body=(picture, presentation.prose("quiz.count.picture", steps=math(f"T = {PICTURED}")),
              presentation.prose(f"exercises.count.{found.name}.question", **found.slots)),
    )


def tolerance(answer: float) -> float:
    """One unit of the last of the digits that are asked for."""
    return 10.0 ** (floor(log10(abs(answer))) - DIGITS + 1)


def decimals(answer: float) -> int:
    """The places behind the point for the digits that are asked for and one more."""
    return max(0, DIGITS - floor(log10(abs(answer))))


def written(answer: float) -> str:
    """The answer with these digits."""
    return f"{answer:.{decimals(answer)}f}"


def _at(context: QuizContext, random: Random) -> Point | None:
    """Short numbers for one sample; none where samples are mixed."""
    return None if mixes_samples(context.model) else point(context.model, T, 1, random.randrange(10**6), DECIMALS)


def _entry(values: Array, random: Random) -> tuple[tuple[int, ...], float] | None:
    """An entry that is not close to zero."""
    places = [place for place in np.ndindex(values.shape) if LEAST <= abs(values[place]) < 1 / LEAST]
    place = random.choice(places) if places else ()
    return (place, float(values[place])) if places else None


def _of(context: QuizContext, value: Tree, place: tuple[int, ...], shape: tuple[sp.Expr, ...]) -> Prose:
    """The entry of a matrix or column, counted from one; a number is itself."""
    row, column = (place[0] + 1, place[1] + 1)
    kind = "number" if shape == (1, 1) else "column" if shape[1] == 1 else "matrix"
    return context.presentation.prose(f"quiz.entry.{kind}", value=value, row=str(row), column=str(column))


def _given(context: QuizContext, at: Point) -> Body:
    """The equations of a step, and the numbers of its leaves: what is learned, what is started from, then step by step."""
    model, presentation = context.model, context.presentation
    known = sorted(leaves(at.done.graph), key=lambda leaf: (_FIRST.get(model[leaf.name].role, len(_FIRST)), _step(leaf)))
    numbers = presentation.listed(Equality(presentation.tree(leaf, model), _sides(context, at, leaf)) for leaf in known)
    equations = tuple(step.equation for step in forward.equations(model, presentation).steps)
    taken = presentation.prose("quiz.given.numbers", steps=math(f"T = {T}"))
    return (presentation.prose("quiz.given.equations"), Formulas(equations),
        (*taken, *numbers, presentation.text("common.list.stop")))


_FIRST = {role: place for place, role in enumerate((Role.PARAMETER, Role.BUFFER, Role.STATE))}


def _step(leaf: sp.MatrixSymbol) -> int:
    return int(leaf.step) if isinstance(leaf, Timed) else 0


def _sides(context: QuizContext, at: Point, leaf: sp.MatrixSymbol) -> tuple[Tree, ...]:
    source = learned_start(context.model, leaf)
    between = () if source is None else (context.presentation.tree(source, context.model),)
    rows = tuple(tuple(_plain(float(entry)) for entry in row) for row in at.leaves[leaf][0])
    return (*between, rows[0][0] if leaf.shape == (1, 1) else Matrix(rows))


def _plain(value: float) -> Tree:
    """A number with the decimals that it has."""
    return signed_number(value, f".{0 if value == round(value) else DECIMALS}f")


def _accuracy(context: QuizContext, answer: float) -> Prose:
    return context.presentation.prose("quiz.given.accuracy", digits=str(DIGITS), tolerance=f"{tolerance(answer):g}")


Asked = tuple[Point, Prose, float, list[tuple[float, Prose]]]
"""Numbers of a model, an entry of a gradient, what it is, and what mistakes make of it."""


def _gradient(context: QuizContext, random: Random) -> Asked | None:
    at, model = _at(context, random), context.model
    if at is None or not model.parameters:
        return None
    theta = random.choice(model.parameters)
    whole = at.gradients[theta.name]
    step = random.randint(1, T) if theta.timed else 0
    shape = (at.done.values.size(theta.rows), at.done.values.size(theta.columns))

    def own(values: Array) -> Array:
        return np.asarray(values[step - 1] if theta.timed else values).reshape(shape)

    entry = _entry(own(whole), random)
    if entry is None:
        return None
    place, answer = entry
    symbol = theta.at(step) if theta.timed else theta.at()
    left = context.presentation.tree(symbols.total(symbols.loss(model, None), symbol), model)
    asked = _of(context, left, place, (theta.rows, theta.columns))
    wrong: list[tuple[float, Prose]] = []
    for name, value in _mistaken(context, at, theta, random, lambda values: float(own(values)[place])):
        if all(abs(value - other) >= APART * tolerance(answer) for other in (answer, *(v for v, _ in wrong))):
            wrong.append((value, named(name).said(context.presentation)))
    return at, asked, answer, wrong[:MOST]


def _mistaken(
    context: QuizContext, at: Point, theta: Variable, random: Random, entry: Callable[[Array], float]
) -> Iterator[tuple[str, float]]:
    """Numbers that mistakes give, by the names of mistakes, each name once."""
    data = at.data
    known = case(context.model, parameters=data.parameters, inputs=data.inputs, targets=data.targets, states=data.states)
    made = list(mutants(known.backward, known.point))
    seen: set[str] = set()
    for mutant in random.sample(made, min(TRIED, len(made))):
        name = mutant.causes[0].name
        if name in seen or len(mutant.causes) > 1 or name in VAGUE:
            continue
        with np.errstate(all="ignore"):
            value = entry(predicted(mutant, known, frozenset({theta.name}))[theta.name])
        if np.isfinite(value):
            seen.add(name)
            yield name, value
