"""Code beside equations with the same numbers, the loop written out beside the terms it adds up, and the gradient check."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import sympy as sp

from symbptt import derive, emit, verify
from symbptt.algebra import tidy
from symbptt.derive.defined import Undefined
from symbptt.derive.recursion import recursion
from symbptt.document.blocks import Beside, Block, Heading, LeftOut, Paragraph, Table
from symbptt.document.context import DocumentContext
from symbptt.document.example.numbers import Example, refusal, required
from symbptt.document.example.substitution import matrix
from symbptt.model.values import Model, Variable
from symbptt.narrative import backward
from symbptt.narrative import forward as given
from symbptt.narrative.products import pair
from symbptt.narrative.values import Prose, Step, Typed
from symbptt.typeset.tree import Equality, Operator, Row, Tree
from symbptt.unroll.graph import steps
from symbptt.verify.report import Check

LONGEST = 4
"""The largest T for which the loop is written out."""
CHECKED = 3
"""The steps of the gradient check."""


@lru_cache(maxsize=16)
def _numbered(model: Model, wrt: tuple[str, ...], T: int, unroll: bool) -> dict[int, tuple[str, ...]]:
    """The statements of the emitted module by equation number."""
    found: dict[int, tuple[str, ...]] = {}
    for line in emit.statements(model, wrt=wrt, T=T, unroll=unroll):
        for note in line.notes:
            found[note.number] = (*found.get(note.number, ()), line.text)
    return found


def rows(context: DocumentContext, steps_: Iterable[Step]) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Numbered equations, each with the lines of the emitted module that compute it; a family with those of all its members."""
    lines = _numbered(context.model, tuple(v.name for v in context.variables), context.T, not emit.loops(context.model))
    for step in steps_:
        found = [line for number in step.numbers for line in lines.get(number, ())]
        if found:
            yield (step,), "\n".join(found)


def pairs(context: DocumentContext) -> tuple[tuple[Step, str], ...]:
    """Every numbered equation alone, without its rule, and the lines of code that compute it."""
    model, presentation = context.model, context.presentation
    told = (given.equations(model, presentation), backward.node_form(model, presentation, context.variables))
    bare = (Step(step.equation, number=step.number) for section in told for step in section.steps if step.number)
    return tuple((step, code) for (step,), code in rows(context, bare))


def loop(context: DocumentContext) -> tuple[Block, ...]:
    """The loop for T steps, one line each, beside the terms (t, k) that it adds up, with the numbers of a small example."""
    model, presentation, theta = context.model, context.presentation, context.main
    if theta is None or not model.states or refusal(model) is not None or not given.is_recurrent(model):
        return (LeftOut(presentation.prose("handout.loop.left_out")),)
    T = min(context.T, LONGEST)
    found = required(model, T)
    number = recursion(model).gradient_number(theta.name)
    code = _numbered(model, tuple(v.name for v in context.variables), T, True).get(number, ())
    rows = tuple(
        (steps_, line) for (steps_), line in zip(_accumulated(found, context, theta), code, strict=False)
    )
    head = (presentation.prose("handout.loop.terms"), presentation.prose("handout.code.line"))
    symbol = presentation.tree(theta.at(), model)
    return (
        Heading(presentation.text("handout.loop.heading"), "loop", 2),
        Paragraph(presentation.prose("handout.loop.intro", parameter=symbol, number=str(number), steps=str(T))),
        Beside(head, rows),
        Paragraph(presentation.prose("handout.loop.total", parameter=symbol, total=_total(found, context, theta))),
    )


def increments(example: Example, theta: Variable) -> Iterator[tuple[int, sp.MatrixExpr]]:
    """(k, what the loop adds at step k), the last step first."""
    for k in range(example.graph.T, 0, -1):
        values = [
            term.value for gradient in example.system.gradients if gradient.variable == theta for term in gradient.terms
            if int(term.step) == k
        ]
        if values:
            yield k, tidy.add(*values)


def _accumulated(example: Example, context: DocumentContext, theta: Variable) -> Iterator[tuple[Step, ...]]:
    model, presentation = example.model, context.presentation
    terms = derive.gradient(steps(model, example.graph.T), theta.name).terms
    running: list[sp.MatrixExpr] = []
    for k, value in increments(example, theta):
        running.append(value)
        mine = [pair(term.loss_step, term.source_step) for term in terms if term.source_step == k]
        covered = Row(tuple(part for tree in mine for part in (Operator("+"), tree))[1:])
        added = Equality(presentation.tree(value, model), (covered, matrix(example.value(value), presentation)))
        rule = presentation.prose("handout.loop.step", number=str(k))
        so_far = presentation.plain("handout.loop.so_far", value=matrix(example.value(tidy.add(*running)), presentation))
        yield (Step(added, rule, so_far),)


def _total(example: Example, context: DocumentContext, theta: Variable) -> Tree:
    return matrix(example.gradients[theta.at()], context.presentation)


@lru_cache(maxsize=16)
def _checks(model: Model) -> tuple[Check, ...]:
    """The checks of the emitted code; none where the model is not defined at random values."""
    try:
        return tuple(verify.gradients(model, T=CHECKED).checks)
    except Undefined:
        return ()


def check(context: DocumentContext) -> tuple[Block, ...]:
    """What the verification of the emitted code found: every route, its tolerance, and whether it agrees."""
    model, presentation = context.model, context.presentation
    checks, rows = _checks(model), dict[str, list[Check]]()
    if not checks:
        return (LeftOut(presentation.prose("handout.check.left_out")),)
    for item in checks:
        rows.setdefault(item.name, []).append(item)
    head = tuple(presentation.prose(f"handout.check.{name}") for name in ("route", "what", "count", "tolerance", "result"))
    table = tuple(
        (
            presentation.prose(f"verify.route.{_key(name)}"), presentation.prose(f"verify.what.{_key(name)}"), (str(len(items)),),
            (_power(items[0].tolerance),),
            presentation.prose("handout.check.agrees" if all(item.ok for item in items) else "handout.check.disagrees"),
        )
        for name, items in rows.items()
    )
    command = Typed(" ".join(part for part in ("symbptt verify", model.name, model.options) if part))
    intro: Prose = presentation.prose("handout.check.intro", command=command, steps=str(CHECKED))
    return (Heading(presentation.text("handout.check.heading"), "check"), Paragraph(intro), Table(head, table))


def _key(name: str) -> str:
    return re.sub(r"[^a-z]+", "_", name.lower()).strip("_")


def _power(tolerance: float) -> str:
    return f"{tolerance:.0e}".replace("e-0", "e-") if tolerance else "0"
