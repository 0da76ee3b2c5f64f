"""The example by hand: numbers for two steps, forwards and backwards, and the same numbers from the emitted code."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.evaluate import Array
from symbptt.algebra.nodes import TIME, is_leaf
from symbptt.algebra.related import Adjoint
from symbptt.derive.recursion import recursion
from symbptt.document.blocks import Block, Heading, LeftOut, Lines, Paragraph, Table
from symbptt.document.breaking import LIMIT
from symbptt.document.context import DocumentContext
from symbptt.document.example.mixed import Number
from symbptt.document.example.numbers import Example, learned_start, refusal, required
from symbptt.document.example.substitution import DIGITS, PLACES, laid, line, matrix, signed
from symbptt.document.narrow import abreast
from symbptt.document.numbering import reference
from symbptt.document.sizes import written
from symbptt.model.values import Model, Role, Variable
from symbptt.narrative import symbols
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.values import Prose
from symbptt.narrative.way import LARGE, labelled, way_to
from symbptt.typeset.tree import Equality, Tree
from symbptt.verify.exact.entries import Matrix
from symbptt.verify.exact.whole_graph import leaves

WORKED, MOST = 2, 4
"""The least and the largest number of steps of the example; one for a model that carries nothing on."""
NARROW = 29.0
"""The width in em of a column of numbers, which are set a little smaller where they are wide."""
MANY = 6
"""Up to so many parameters every gradient is worked out in full; beyond, those of the first two."""


def worked(context: DocumentContext) -> tuple[Block, ...]:
    """The example, or why there is none."""
    model, presentation = context.model, context.presentation
    if (why := refusal(model)) is not None:
        return (LeftOut(presentation.prose(f"handout.worked.refused.{why}")),)
    found = required(model, length(model, context.T))
    part = presentation.text
    sizes = presentation.listed(presentation.equation(model, sp.Symbol(name), sp.Integer(size))
        for name, size in found.sizes.items())
    slots = {"steps": str(found.graph.T), "places": str(PLACES), "digits": str(DIGITS)}
    intro = presentation.prose("handout.worked.intro", sizes=sizes, **slots) if found.sizes else \
        presentation.prose("handout.worked.intro_scalars", **slots)
    return (
        Heading(part("handout.worked.heading"), "worked"), Paragraph(intro), Paragraph(given(found, presentation)),
        Heading(part("handout.worked.forward"), "worked-forward", 2),
        lines((told for _, told in forward(found, presentation)), context),
        Heading(part("handout.worked.backward"), "worked-backward", 2), *_shown_backward(found, context),
        *_outcome(found, context),
    )


def _shown_backward(found: Example, context: DocumentContext) -> Iterator[Block]:
    """The backward lines; of a large model those on the way to one parameter, all others being in the table."""
    presentation, kept = context.presentation, None
    if not context.full and context.main is not None and len(recursion(found.model).adjoints) > LARGE:
        kept = way_to(found.model, (labelled("gradient", context.main),))
        yield Paragraph(presentation.prose("handout.worked.way", parameter=presentation.tree(context.main.at(), found.model)))
    yield lines(backward(found, presentation, context.full, kept), context)


def _outcome(found: Example, context: DocumentContext) -> tuple[Block, ...]:
    """All values and adjoints, and the gradients by the parameters; nothing of these for a model without parameters."""
    presentation, compared = context.presentation, _compared(found, context)
    tables = values_table(found, presentation)
    values = (Paragraph(presentation.prose("handout.worked.values")), *tables) if tables else ()
    if not compared.rows:
        return values
    heading = Heading(presentation.text("handout.worked.gradients"), "worked-gradients", 2)
    told = lines(_gradients(found, context), context)
    said = Paragraph((*_others(context), *_agreement(found, context), *_times(found, presentation)))
    if context.full:
        return (*values, heading, told, said, compared)
    return (heading, replace(told, columns=1, width=LIMIT), *abreast((said, compared), values))


def lines(told: Iterable[tuple[Tree, Prose]], context: DocumentContext) -> Lines:
    """The lines in full, or the numbers alone: the formulas are those of the equations that the notes name."""
    if context.full:
        return Lines(tuple(told))
    return Lines(tuple((_numbers(tree) if note else tree, note) for tree, note in told), NARROW, 2)


def calculation(context: DocumentContext, lines: Iterable[Tree]) -> Lines:
    """Lines of a calculation without notes; beside a derivation the numbers alone."""
    short = not (context.full or context.sheet)
    return Lines(tuple((_numbers(tree) if short else tree, ()) for tree in lines))


def _numbers(tree: Tree) -> Tree:
    """A line without its formula."""
    return Equality(tree.left, tree.sides[1:]) if isinstance(tree, Equality) and len(tree.sides) > 2 else tree


def length(model: Model, T: int = WORKED) -> int:
    """The number of steps of the example of a document over T steps."""
    return min(max(T, WORKED), MOST) if model.states else 1


def given(example: Example, presentation: Presentation) -> Prose:
    """The numbers that the example starts from."""
    known = leaves(example.graph)
    trees = [given_one(example, leaf, presentation) for leaf in known]
    return (*presentation.prose("handout.worked.given"), *presentation.listed(trees), presentation.text("common.list.stop"))


def given_one(example: Example, leaf: sp.MatrixSymbol, presentation: Presentation) -> Equality:
    """A symbol and its number, with the parameter in between if a state starts from it."""
    source = learned_start(example.model, leaf)
    sides = [] if source is None else [presentation.tree(source, example.model)]
    return Equality(presentation.tree(leaf, example.model), (*sides, matrix(example.value(leaf), presentation)))


def _reference(presentation: Presentation, number: int) -> Prose:
    return presentation.prose("handout.worked.equation", number=reference(number)) if number else ()


def forward(example: Example, presentation: Presentation) -> Iterator[tuple[Variable, tuple[Tree, Prose]]]:
    """The first step, value by value, without mere copies; the others go the same way, and the table has their values."""
    for a in example.graph:
        if a.variable.definition is None and a.step == 1 and not is_leaf(a.value):
            yield a.variable, (line(example, a.target, a.value, presentation), _reference(presentation, a.equation.number or 0))


def backward(
    example: Example, presentation: Presentation, full: bool, kept: Collection[str] | None = None
) -> Iterator[tuple[Tree, Prose]]:
    """The last step and, of the one before, in full all and else what something comes back to; only equations of these labels."""
    numbers, T = {e.variable.name: e.number for e in recursion(example.model).adjoints}, example.graph.T
    for equation in example.system.equations:
        carried = any(int(c.step) != equation.step for c in equation.terms)
        if kept is not None and labelled("adjoint", equation.variable) not in kept:
            continue
        if equation.step == T or (equation.step == T - 1 and (full or carried)):
            about = _reference(presentation, numbers.get(equation.variable.name, 0))
            yield line(example, equation.symbol, equation.value, presentation), about


def values_table(example: Example, presentation: Presentation, without: Collection[Variable] = ()) -> tuple[Table, ...]:
    """All values and adjoints but some and mere copies, a column for each step; nothing for an example of one step."""
    T = example.graph.T
    if T == 1:
        return ()
    values = dict.fromkeys(
        a.variable for a in example.graph
        if a.variable.definition is None and a.variable not in without and not is_leaf(a.value)
    )
    adjoints = dict.fromkeys(e.variable for e in example.system.equations if e.variable.definition is None)
    rows = [_row(example, presentation, v.at) for v in values]
    rows += [_row(example, presentation, partial(_adjoint, v)) for v in adjoints]
    head = ((), *((presentation.steps(f"t = {t}"),) for t in range(1, T + 1)))
    return (Table(head, tuple(rows)),)


def _adjoint(variable: Variable, step: sp.Expr | int) -> Adjoint:
    return Adjoint(variable.at(step))


def _row(example: Example, presentation: Presentation, of: Callable[[sp.Expr | int], sp.MatrixSymbol]) -> tuple[Prose, ...]:
    """The symbol, and its numbers at every step; a dash where it has none."""
    known = example.entries.leaves
    cells = ((_listed(known[at][0], presentation) if at in known else ("–",)) for at in map(of, range(1, example.graph.T + 1)))
    return ((presentation.tree(of(TIME), example.model),), *cells)


def _listed(entries: Matrix, presentation: Presentation) -> Prose:
    """The entries of a value one after another, a matrix row by row."""
    rows = [", ".join(map(signed, row)) for row in laid(entries, presentation)]
    return (("; " if len(entries[0]) > 1 else ", ").join(rows),)


def total(example: Example, name: str) -> list[tuple[sp.MatrixSymbol, MatrixExpr]]:
    """The gradient equations of a variable: one, or one per step where it has a value per step.

    That of a parameter from which several states start adds up theirs.
    """
    made: dict[sp.MatrixSymbol, list[MatrixExpr]] = {}
    for gradient in example.system.gradients:
        v = gradient.variable
        if v.name == name and gradient.terms:
            made.setdefault(v.at(gradient.step or 0), []).extend(term.value for term in gradient.terms)
    return [(of, tidy.add(*values)) for of, values in made.items()]


def _parameters(context: DocumentContext) -> list[Variable]:
    """The parameters whose gradients are worked out line by line."""
    wanted = [v for v in context.variables if v.role is Role.PARAMETER]
    if not context.full and context.main in wanted:
        return [context.main]
    shorter = len(wanted) > MANY and context.main in wanted
    return [v for v in wanted if v == context.main or v == wanted[0]] if shorter else wanted


def _others(context: DocumentContext) -> Prose:
    """Where not all are: that the others follow in the same way."""
    all_of_them = [v for v in context.variables if v.role is Role.PARAMETER]
    return () if _parameters(context) == all_of_them else context.presentation.prose("handout.worked.others")


def _times(example: Example, presentation: Presentation) -> Prose:
    """That the code's gradients are multiplied, where it takes a mean."""
    return presentation.prose("handout.worked.mean", number=str(example.counted)) if example.counted != 1 else ()


def _gradients(example: Example, context: DocumentContext) -> Iterator[tuple[Tree, Prose]]:
    model, presentation = example.model, context.presentation
    wanted = _parameters(context)
    L = symbols.loss(model, None)
    for v in wanted:
        reference = _reference(presentation, recursion(model).gradient_number(v.name))
        for of, value in total(example, v.name):
            yield line(example, presentation.tree(symbols.total(L, of), model), value, presentation), reference


def _by_both(example: Example, context: DocumentContext) -> Iterator[tuple[Tree, list[Number], Array]]:
    """(gradient, its entries by hand, its entries by the emitted code), for every parameter."""
    model, presentation = example.model, context.presentation
    for v in context.variables:
        by_code = example.by_code.get(v.name)
        if by_code is None or v.role is not Role.PARAMETER:
            continue
        for (of, entries), values in zip(example.by_hand(v), by_code if v.timed else [by_code], strict=True):
            left = presentation.tree(symbols.total(symbols.loss(model, None), of), model)
            yield left, [entry for row in laid(entries, presentation) for entry in row], np.asarray(values).reshape(-1)


def _compared(example: Example, context: DocumentContext) -> Table:
    """Every gradient by hand, in full beside the numbers of the emitted code."""
    say = context.presentation.prose
    rows: list[tuple[Prose, ...]] = []
    for left, entries, values in _by_both(example, context):
        coded = ", ".join(f"{number:.{PLACES + 2}f}".replace("-", "−") for number in values)
        rows.append(((left,), (", ".join(map(signed, entries)),), *(((coded,),) if context.full else ())))
    head = (say("handout.worked.gradient"), say("handout.worked.by_hand"), say("handout.worked.by_code"))
    return Table(head[: 2 + context.full], tuple(rows))


def _agreement(example: Example, context: DocumentContext) -> Prose:
    """That the code gives the same numbers; where they are not printed, how far they are from those by hand at most."""
    if context.full:
        return context.presentation.prose("handout.worked.code")
    pairs = (pair for _, entries, values in _by_both(example, context) for pair in zip(entries, values, strict=True))
    apart = max(abs(float(by_hand) - float(by_code)) for by_hand, by_code in pairs)
    return context.presentation.prose("handout.worked.code_agrees", difference=written(apart))
