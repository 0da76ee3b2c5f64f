"""Two models side by side: one step, state Jacobians, their products, and whose gradient vanishes."""

from collections.abc import Callable
from dataclasses import replace
from math import isnan

from symbptt.analyze.comparison import Case, Row, compare
from symbptt.analyze.data import point
from symbptt.analyze.jacobian import coupled
from symbptt.document.blocks import Block, Columns, Heading, LeftOut, Lines, Paragraph, Table
from symbptt.document.breaking import LIMIT, broken
from symbptt.document.context import DocumentContext
from symbptt.document.fields import HALF
from symbptt.document.parts import opening
from symbptt.document.sizes import terms, written
from symbptt.draw.width import width
from symbptt.errors import BadInput
from symbptt.narrative import forward, jacobians, local
from symbptt.narrative.norms import norms
from symbptt.narrative.values import Prose, Section

STEPS = 20
"""The steps over which products are measured."""
TABLE = 6
"""The steps of the table of terms."""
DISTANCES = (1, 2, 5, 10, STEPS)


def _side_by_side(context: DocumentContext, key: str, part: Callable[[DocumentContext], tuple[Block, ...]]) -> tuple[Block, ...]:
    presentation = context.presentation
    titles, columns = tuple(map(presentation.title, context.models)), tuple(part(one) for one in context.each())
    opening = (Heading(presentation.text(f"compare.{key}.heading"), key), Paragraph(presentation.prose(f"compare.{key}.intro")))
    if not any(_too_wide(block) for column in columns for block in column):
        return (*opening, Columns(titles, columns))
    below = [
        (Heading(title, f"{key}-{i}", 2), *map(_widened, column))
        for i, (title, column) in enumerate(zip(titles, columns, strict=True), 1)
    ]
    return (*opening, *(block for blocks in below for block in blocks))


def _widened(block: Block) -> Block:
    return replace(block, width=LIMIT) if isinstance(block, Lines) else block


def _too_wide(block: Block) -> bool:
    """Whether a line stays too long for a column however it is broken."""
    return isinstance(block, Lines) and any(width(broken(tree, HALF)) > 1.4 * HALF for tree, _ in block.lines)


def _formulas(told: Section) -> tuple[Block, ...]:
    return (Lines(tuple((step.equation, ()) for step in told.steps), HALF),)


def check(context: DocumentContext) -> tuple[Block, ...]:
    """Nothing; raises BadInput for a model that cannot be compared."""
    for model in context.models:
        if model.loss is None or not model.states:
            raise BadInput(f"{model.name} has no {'loss' if model.loss is None else 'state'}, so it cannot be compared")
    return ()


def notation(context: DocumentContext) -> tuple[Block, ...]:
    """The symbols of each."""
    presentation = context.presentation
    made: list[Block] = [Heading(presentation.text("common.heading.notation"), "notation")]
    for i, one in enumerate(context.each(), 1):
        made += [Heading(presentation.title(one.model), f"notation-{i}", 2), *opening.symbols(one)]
    return tuple(made)


def steps(context: DocumentContext) -> tuple[Block, ...]:
    """The forward equations."""
    return _side_by_side(context, "steps", lambda one: _formulas(forward.equations(one.model, one.presentation)))


def state_jacobians(context: DocumentContext) -> tuple[Block, ...]:
    """J_t of each, its blocks and direct routes."""
    def formulas(one: DocumentContext) -> tuple[Block, ...]:
        if not forward.is_recurrent(one.model):
            return (Paragraph(one.presentation.prose("compare.jacobians.none")),)
        told = jacobians.state_jacobian(one.model, one.presentation)
        claims = tuple(Paragraph(step.claim) for step in told.steps if step.claim)
        return (*_formulas(local.slopes(one.model, one.presentation)), *_formulas(told), *claims)

    return _side_by_side(context, "jacobians", formulas)


def products(context: DocumentContext) -> tuple[Block, ...]:
    """The norms of the products over several distances, on the same data, beside each other."""
    presentation = context.presentation
    if any(coupled(model) for model in context.models):
        return (LeftOut(presentation.prose("handout.bound.coupled")),)
    found = _rows(context)
    rows: list[tuple[Prose, ...]] = []
    for distance in DISTANCES:
        rows.append((presentation.prose("compare.products.norm", number=str(distance)),
            *(_product(row, distance) for row in found)))
    rows += [
        (presentation.prose("compare.products.rate"), *(written(row.rate) for row in found)),
        (presentation.prose("compare.products.direct"), *(_direct(row, presentation.prose("compare.products.no_direct"))
            for row in found)),
        (presentation.prose("compare.products.far", number=str(STEPS // 2)), *((*written(100 * row.far), " %") for row in found)),
    ]
    head: tuple[Prose, ...] = ((), *((row.label,) for row in found))
    return (
        Heading(presentation.text("compare.products.heading"), "products"),
        Paragraph(presentation.prose("compare.products.intro", steps=str(STEPS))), Table(head, tuple(rows)),
        Paragraph(_conclusion(context, found)),
    )


def _rows(context: DocumentContext) -> tuple[Row, ...]:
    return compare(Case(context.presentation.title(model), model, point(model, STEPS, N=1)) for model in context.models)


def _product(row: Row, distance: int) -> Prose:
    assert row.analysis.growth is not None
    return written(float(row.analysis.growth.measured[distance]))


def _direct(row: Row, none: Prose) -> Prose:
    return none if isnan(row.direct) else written(row.direct)


def _conclusion(context: DocumentContext, found: tuple[Row, ...]) -> Prose:
    """Who vanishes first: the model whose product shrinks more over all steps."""
    small, large = sorted(found, key=lambda row: row.reach)[:: len(found) - 1]
    times = large.reach / small.reach if small.reach else float("inf")
    return context.presentation.prose(
        "compare.products.conclusion", small=small.label, large=large.label, steps=str(STEPS), times=written(times),
    )


def sizes(context: DocumentContext) -> tuple[Block, ...]:
    """The table of terms of each, for its main parameter."""
    def table(one: DocumentContext) -> tuple[Block, ...]:
        if one.main is None or not forward.is_recurrent(one.model):
            return (Paragraph(one.presentation.prose("compare.sizes.none")),)
        by = one.presentation.prose("compare.sizes.parameter", parameter=one.presentation.tree(one.main.at(), one.model))
        return (Paragraph(by), terms(norms(one.model, one.presentation, TABLE, (one.main,)), one.presentation))

    return _side_by_side(context, "sizes", table)

