"""The example by hand of a composed model: each member forward, each one backward with what was handed back, the gradients."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import sympy as sp

from symbptt.compose import Chain
from symbptt.document.blocks import Block, Heading, LeftOut, Paragraph, Table
from symbptt.document.composed.example import Linked, linked
from symbptt.document.composed.members import Member, members
from symbptt.document.context import DocumentContext
from symbptt.document.example.substitution import DIGITS, PLACES, matrix, signed
from symbptt.document.parts import worked as ordinary
from symbptt.document.sizes import written
from symbptt.model.values import Variable
from symbptt.narrative import symbols
from symbptt.narrative.inline import Strong
from symbptt.narrative.values import Prose
from symbptt.typeset.tree import Equality, Tree
from symbptt.verify.exact.whole_graph import leaves

T = ordinary.WORKED
"""The steps of the example; every phase has as many."""


def worked(context: DocumentContext) -> tuple[Block, ...]:
    """The example: what is given, each member forward, each one backward, and the gradients beside the complex step."""
    presentation, example = context.presentation, found(context)
    if example is None:
        why = "composed.worked.no_loss" if chain_of(context).loss is None else "handout.worked.refused.numbers"
        return (LeftOut(presentation.prose(why)),)
    every = members(example.chain)
    sizes = {name: size for one in example.examples for name, size in one.sizes.items()}
    pairs = sorted(sizes.items())
    listed = presentation.listed(presentation.equation(context.model, sp.Symbol(name), sp.Integer(size)) for name, size in pairs)
    intro = presentation.prose("handout.worked.intro", steps=str(T), sizes=listed, places=str(PLACES),
        digits=str(DIGITS))
    return (
        Heading(presentation.text("handout.worked.heading"), "worked"), Paragraph(intro),
        Paragraph(_given(example, every, context)),
        Heading(presentation.text("handout.worked.forward"), "worked-forward", 2),
        *(block for member in every for block in _forward(example, member, context)),
        Heading(presentation.text("handout.worked.backward"), "worked-backward", 2),
        *(block for member in reversed(every) for block in _backward(example, member, context)),
        *_gradients(example, context),
    )


def found(context: DocumentContext) -> Linked | None:
    """The example of a document; None where there is none."""
    chain = chain_of(context)
    return linked(chain, T) if chain.loss is not None else None


def chain_of(context: DocumentContext) -> Chain:
    """The model of a document."""
    assert context.chain is not None
    return context.chain


def _about(member: Member, context: DocumentContext) -> DocumentContext:
    return member.about(replace(context, T=T))


def _given(whole: Linked, every: tuple[Member, ...], context: DocumentContext) -> Prose:
    """The numbers that no member hands to another."""
    trees: dict[Tree, None] = {}
    for member, example in zip(every, whole.examples, strict=True):
        own = _about(member, context).presentation
        inner = member.part.linked | {cotangent.name for _, cotangent in member.handed}
        trees |= dict.fromkeys(ordinary.given_one(example, leaf, own) for leaf in leaves(example.graph) if leaf.name not in inner)
    return (*context.presentation.prose("handout.worked.given"), *context.presentation.listed(trees),
        context.presentation.text("common.list.stop"))


def _title(member: Member, context: DocumentContext) -> Block:
    return Paragraph((Strong(member.heading(context.presentation, context.T)),))


def _loss(member: Member) -> frozenset[Variable]:
    """The values of the loss that stands for what is handed back."""
    loss = member.model.loss
    return frozenset(e.target for e in loss.equations) if loss is not None and member.handed else frozenset()


def _forward(whole: Linked, member: Member, context: DocumentContext) -> Iterator[Block]:
    example, own = whole.examples[member.number - 1], _about(member, context)
    yield _title(member, context)
    told = (line for of, line in ordinary.forward(example, own.presentation) if of not in _loss(member))
    yield member.scoped(ordinary.lines(told, own))


def _backward(whole: Linked, member: Member, context: DocumentContext) -> Iterator[Block]:
    """What was handed back, the adjoints from it, and all values."""
    example, own = whole.examples[member.number - 1], _about(member, context)
    yield _title(member, context)
    for value, cotangent in member.handed:
        symbols_ = [cotangent.at(step) for step in range(1, T + 1)]
        known = [Equality(own.presentation.tree(s, member.model), (matrix(example.value(s), own.presentation),)) for s in symbols_
                 if s in example.entries.leaves]
        if known:
            name = own.presentation.name(value, member.model)
            said = context.presentation.prose("composed.worked.handed", value=name)
            yield Paragraph(member.scoped((*said, *context.presentation.listed(known))))
    yield member.scoped(ordinary.lines(ordinary.backward(example, own.presentation, context.full), own))
    yield from member.scoped(ordinary.values_table(example, own.presentation, _loss(member)))


def parameters(example: Linked, context: DocumentContext) -> list[Variable]:
    """The parameters that all steps share and that gradients are asked for."""
    names = {v.name for member in members(example.chain) for v in member.about(context).variables}
    return [v for v in example.chain.parameters if v.name in names and v.tied]


def _gradients(example: Linked, context: DocumentContext) -> Iterator[Block]:
    """Every gradient by hand, the shares of its members added up, beside the complex step; and the emitted module."""
    say, wanted = context.presentation.prose, parameters(example, context)
    if not wanted:
        return
    rows: list[tuple[Prose, ...]] = []
    code, apart = example.by_code(wanted), 0.0
    for v in wanted:
        entries, measured = example.by_hand(v), example.by_complex_step(v).ravel()
        apart = max(apart, *np.abs([float(e) for e in entries] - np.ravel(code[v.name])))
        shown = ", ".join(f"{number:.{PLACES + 2}f}".replace("-", "−") for number in measured)
        rows.append(((gradient(v, context),), (", ".join(map(signed, entries)),), (shown,)))
    yield Heading(context.presentation.text("handout.worked.gradients"), "worked-gradients", 2)
    yield Paragraph(say("composed.worked.gradients", difference=written(apart)))
    head = say("handout.worked.gradient"), say("handout.worked.by_hand"), say("composed.worked.complex_step")
    yield Table(head, tuple(rows))


def gradient(v: Variable, context: DocumentContext) -> Tree:
    """The gradient with respect to a parameter, as a symbol."""
    model = next(member.model for member in members(chain_of(context)) if v in member.model.variables)
    return context.presentation.tree(symbols.total(symbols.loss(context.models[-1], None), v.at()), model)
