"""The derivation itself, section by section."""

from __future__ import annotations

import re
from collections.abc import Iterable

from symbptt import unroll
from symbptt.document.blocks import Block, Box, Heading, Paragraph, Steps
from symbptt.document.context import DocumentContext
from symbptt.document.sizes import terms
from symbptt.narrative import backward, jacobians, local, nested, products
from symbptt.narrative import forward as given
from symbptt.narrative.identities import identities as found_identities
from symbptt.narrative.values import Section
from symbptt.narrative.voice import Voice


def _key(number: int, heading: str) -> str:
    return f"{number}-{re.sub('[^a-z0-9]+', '-', heading.lower()).strip('-')}".strip("-")


def section(key: str, told: Section, voice: Voice) -> tuple[Block, ...]:
    """A section of the derivation as blocks."""
    made: list[Block] = [Heading(told.heading, key, told.level)]
    made += [Paragraph(prose) for prose in told.intro]
    made += [Steps(told.steps)] if told.steps else []
    made += [terms(told.norms, voice)] if told.norms else []
    return tuple(made)


def _sections(told: Iterable[tuple[str, Section]], voice: Voice) -> tuple[Block, ...]:
    return tuple(block for key, one in told for block in section(key, one, voice))


def sections(context: DocumentContext) -> tuple[Block, ...]:
    """All sections, in order."""
    told = context.derivation.sections
    return _sections(((_key(number, one.heading), one) for number, one in enumerate(told, 1)), context.voice)


def forward(context: DocumentContext) -> tuple[Block, ...]:
    """Conventions, and the equations of one step."""
    model, voice = context.model, context.voice
    return _sections([("conventions", given.conventions(model, voice)), ("forward", given.equations(model, voice))], voice)


def equations(context: DocumentContext) -> tuple[Block, ...]:
    """The equations of one step alone."""
    return _sections([("forward", given.equations(context.model, context.voice))], context.voice)


def identities(context: DocumentContext) -> tuple[Block, ...]:
    """What the local rules rest on, each derived once from its definition."""
    voice = context.voice
    found = found_identities(context.model, voice)
    if not found:
        return ()
    boxes = tuple(Box("identity", one.title, (Steps(one.steps),)) for one in found)
    return (
        Heading(voice.word("handout.identities.heading"), "identities"), Paragraph(voice.say("handout.identities.intro")), *boxes,
    )


def factors(context: DocumentContext) -> tuple[Block, ...]:
    """The factors of the sum of products: local derivatives, state Jacobian, gradient of one loss, immediate derivatives."""
    model, voice, wrt = context.model, context.voice, context.variables
    told = [("local", local.derivatives(model, voice, wrt))]
    if given.is_recurrent(model):
        told.append(("jacobian", jacobians.state_jacobian(model, voice)))
    if model.states:
        told.append(("loss-gradient", jacobians.loss_gradient(model, voice)))
    return _sections([*told, ("immediate", jacobians.immediate(model, voice, wrt))], voice)


def sums(context: DocumentContext) -> tuple[Block, ...]:
    """The gradient as a sum of products."""
    told = products.sections(unroll.steps(context.model, context.T), context.voice, context.variables)
    return _sections(list(zip(("products", "substituted"), told, strict=False)), context.voice)


def recursion(context: DocumentContext) -> tuple[Block, ...]:
    """The backward recursion, and the nested form."""
    model, voice, wrt = context.model, context.voice, context.variables
    told = [("backward", backward.state_form(model, voice, wrt))] if model.states else []
    told.append(("values", backward.node_form(model, voice, wrt)))
    if model.states:
        told.append(("nested", nested.section(model, voice, context.T, wrt)))
    return _sections(told, voice)
