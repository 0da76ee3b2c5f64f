"""The derivation itself, section by section."""

import re
from collections.abc import Iterable
from dataclasses import replace

from symbptt import unroll
from symbptt.document.blocks import Block, Box, Heading, Paragraph, Steps, balanced
from symbptt.document.context import DocumentContext
from symbptt.document.narrow import in_pairs
from symbptt.document.sizes import terms as norm_table
from symbptt.narrative import backward, jacobians, local
from symbptt.narrative import forward as given
from symbptt.narrative.families import families
from symbptt.narrative.identities import identities as found_identities
from symbptt.narrative.products import TERMS
from symbptt.narrative.story import sums as told_sums
from symbptt.narrative.values import Section, Step
from symbptt.narrative.way import LARGE

FEW = 3
"""The shapes of a state of so many parts are short enough to stand beside equations."""


def _key(number: int, heading: str) -> str:
    return f"{number}-{re.sub('[^a-z0-9]+', '-', heading.lower()).strip('-')}".strip("-")


def section(key: str, told: Section, context: DocumentContext) -> tuple[Block, ...]:
    """A section of the derivation as blocks, its families of equations as one line each."""
    made: list[Block] = [Heading(told.heading, key, told.level)]
    made += [Paragraph(prose) for prose in told.intro]
    made += [Steps(families(told.steps, context.letter))] if told.steps else []
    made += [norm_table(told.norms, context.presentation)] if told.norms else []
    return tuple(made)


def _sections(told: Iterable[tuple[str, Section]], context: DocumentContext) -> tuple[Block, ...]:
    return tuple(block for key, one in told for block in section(key, one, context))


def sections(context: DocumentContext) -> tuple[Block, ...]:
    """All sections, in order."""
    told = context.derivation.sections
    return _sections(((_key(number, one.heading), one) for number, one in enumerate(told, 1)), context)


def forward(context: DocumentContext) -> tuple[Block, ...]:
    """Conventions, and the equations of one step."""
    model, presentation = context.model, context.presentation
    return _sections([("conventions", given.conventions(model, presentation)), ("forward", given.equations(model, presentation))],
        context)


def equations(context: DocumentContext) -> tuple[Block, ...]:
    """The equations of one step alone."""
    return _sections([("forward", _brief(given.equations(context.model, context.presentation), context))], context)


def _brief(told: Section, context: DocumentContext) -> Section:
    """With many states, without the shapes: they are as long as the formulas, and the table of notation has them."""
    if context.full or len(context.model.states) <= FEW:
        return told
    return replace(told, steps=_bare(told.steps))


def _bare(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Steps without their shapes."""
    return tuple(replace(step, shapes="") for step in steps)


def identities(context: DocumentContext) -> tuple[Block, ...]:
    """What the local rules rest on, each derived once from its definition."""
    presentation = context.presentation
    found = found_identities(context.model, presentation)
    if not found:
        return ()
    boxes = tuple(Box("identity", one.title, (Steps(one.steps if context.full else one.brief),)) for one in found)
    told = boxes if context.full else in_pairs(boxes)
    intro = Paragraph(presentation.prose("handout.identities.intro"))
    return (Heading(presentation.text("handout.identities.heading"), "identities"), intro, *told)


def local_derivatives(context: DocumentContext) -> tuple[Block, ...]:
    """What each value of a step does to the next one."""
    return _sections([("local", local.derivatives(context.model, context.presentation, context.variables))], context)


def factors(context: DocumentContext) -> tuple[Block, ...]:
    """The factors of the sum of products: state Jacobian, gradient of one loss, immediate derivatives."""
    model, presentation, wrt = context.model, context.presentation, context.variables
    told = []
    if given.is_recurrent(model):
        told.append(("jacobian", jacobians.state_jacobian(model, presentation)))
    if model.states:
        told.append(("loss-gradient", jacobians.loss_gradient(model, presentation)))
    shown = wrt if context.full or context.main is None else (context.main,)
    told.append(("immediate", jacobians.immediate(model, presentation, shown)))
    return _sections(((key, _brief(one, context)) for key, one in told), context)


def sums(context: DocumentContext) -> tuple[Block, ...]:
    """The three forms of the gradient, and why they are one; the sum of products alone where nothing is carried.

    The terms one by one are for a full document, shapes of many states for the table of notation.
    """
    told = told_sums(unroll.steps(context.model, context.T), context.presentation, context.variables)[:1]
    if not context.full:
        told = tuple(_brief(replace(one, steps=tuple(s for s in one.steps if s.label != TERMS)), context) for one in told)
    return _sections([("forms", one) for one in told], context)


def terms(context: DocumentContext) -> tuple[Block, ...]:
    """The terms of the sum of products with every factor in place."""
    told = told_sums(unroll.steps(context.model, context.T), context.presentation, context.variables)[1:]
    return _sections([("substituted", one) for one in told], context)


def recursion(context: DocumentContext) -> tuple[Block, ...]:
    """The backward recursion value by value, and the gradients."""
    told = _sections([("values", backward.node_form(context.model, context.presentation, context.variables))], context)
    return told if context.full else tuple(_briefly(one) if isinstance(one, Steps) else one for one in told)


def _briefly(steps: Steps) -> Block:
    """The equations in two columns; of a large model without their shapes, which the table of notation has."""
    many = len(steps.steps) > LARGE
    return balanced((Steps(_bare(steps.steps)) if many else steps,))
