"""Parts as a lecture has them: factors under one heading, the recursion beside its code, pitfalls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from symbptt.derive.recursion import recursion as derived_recursion
from symbptt.document import listing
from symbptt.document.blocks import Beside, Block, Heading, Paragraph
from symbptt.document.context import DocumentContext
from symbptt.document.parts import coded, derived
from symbptt.document.parts import pitfalls as mistaken
from symbptt.model.values import Model, Variable
from symbptt.narrative import backward
from symbptt.narrative.families import families
from symbptt.narrative.values import Prose, Step, Typed

MANY = 12
"""Up to so many equations a lecture shows the whole recursion; beyond, the way to one parameter, without rules."""


def factors(context: DocumentContext) -> tuple[Block, ...]:
    """The factors of a term under one heading."""
    told = tuple(block for block in derived.factors(context) if not isinstance(block, Heading))
    return (Heading(context.voice.word("handout.factors.heading"), "factors"), *told) if told else ()


def recursion(context: DocumentContext) -> tuple[Block, ...]:
    """The backward recursion, each equation beside its lines of code; of a large model the way to one parameter."""
    model, voice = context.model, context.voice
    told = backward.node_form(model, voice, context.variables)
    shown, way = families(told.steps, context.letter), tuple[Prose, ...]()
    if context.main is not None and not context.full and len(shown) > MANY:
        shown = families(tuple(_bare_way(context, context.main, told.steps)), context.letter)
        way = (voice.say("handout.code.way", parameter=voice.tree(context.main.at(), model)),)
    slots = {"command": listing.command(model, model.parameters, context.T), "weight": "weight", "passed": "c_"}
    intro = voice.say("handout.code.intro", **{name: Typed(text) for name, text in slots.items()})
    head = (voice.say("handout.code.equation"), voice.say("handout.code.line"))
    said = (*told.intro, (*intro, *(part for prose in way for part in prose)))
    return (Heading(told.heading, "values"), *map(Paragraph, said), Beside(head, tuple(coded.rows(context, shown))))


def pitfalls(context: DocumentContext) -> tuple[Block, ...]:
    """The common mistakes, without the numbers of a gradient check."""
    return mistaken.told(context)


def _bare_way(context: DocumentContext, theta: Variable, steps: Iterable[Step]) -> Iterator[Step]:
    """The equations on the way to a parameter, and those that the pitfalls are about, with formula and number alone."""
    labels = (_label("gradient", theta), *(pitfall.label for pitfall in mistaken.mistakes(context)))
    kept = _way(context.model, labels)
    return (replace(step, rule=(), shapes="", claim=()) for step in steps if step.label in kept)


def _way(model: Model, labels: Iterable[str]) -> frozenset[str]:
    """The labels of these equations and of all that they rest on: adjoints read adjoints of the same or the next step."""
    found = derived_recursion(model)
    equations = {_label("adjoint", e.variable): e for e in found.adjoints}
    equations |= {_label("gradient", e.variable): e for e in found.gradients}
    todo, seen = list(labels), set[str]()
    while todo:
        label = todo.pop()
        if label in equations and label not in seen:
            seen.add(label)
            todo += [_label("adjoint", c.through) for c in (*equations[label].terms, *equations[label].carries)]
    return frozenset(seen)


def _label(kind: str, variable: Variable) -> str:
    return f"{kind}-{variable.name}"
