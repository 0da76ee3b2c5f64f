"""The numbers of the equations of a document: every result has the next one, in the order of the page, whatever is left out.

A result is a step with a label, or with the number of an equation in emitted code. What refers to it, in running text, at the end
of a line or in a comment of a listing, gets the number that it has here.
"""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from symbptt.document.blocks import Beside, Block, Code, Numbers, Steps
from symbptt.document.listing import NUMBER
from symbptt.draw.scene import Scene
from symbptt.narrative.families import Family
from symbptt.narrative.inline import Prose, Reference
from symbptt.narrative.values import Step
from symbptt.typeset.family import membership


def numbered(blocks: tuple[Block, ...], numbers: Numbers) -> tuple[Block, ...]:
    """The blocks with their equations numbered, and with all references to them."""
    return tuple(_told(block, numbers) for block in blocks)


def reference(number: int) -> Reference:
    """A reference to an equation by its number in emitted code."""
    return Reference(str(number))


def noted(step: Step) -> Prose:
    """The number of a step in parentheses, for the end of a line that repeats it, and what its index runs over."""
    number: Prose = ("(", reference(step.numbers[0]), ")") if step.numbers else ()
    over: Prose = (membership(step.letter, [member for member, _ in step.instances]), "  ") if isinstance(step, Family) else ()
    return (*over, *number)


def _keys(step: Step) -> list[str]:
    labels = [one.label for _, one in step.instances] if isinstance(step, Family) else []
    return [key for key in (step.label, *labels, *map(str, step.numbers)) if key]


def numbering(blocks: tuple[Block, ...]) -> Numbers:
    """The number and the label of every result, by what refers to it."""
    found: Numbers = {}
    taken: set[str] = set()
    count = 0
    for step in _results(blocks):
        keys = _keys(step)
        if any(key in found for key in keys):
            continue
        count += 1
        label = re.sub(r"[^A-Za-z0-9-]+", "-", step.label).strip("-")
        label = label if label and label.lower() not in taken else f"equation-{count}"
        taken.add(label.lower())
        found |= dict.fromkeys(keys, (count, label))
    return found or {key: (number, "") for number, key in enumerate(dict.fromkeys(_references(blocks)), 1)}


def _references(value: Any) -> Iterator[str]:
    """What lines refer to: where a sheet has no other equations, these have the numbers."""
    if isinstance(value, Reference):
        yield str(value)
    for part in value if isinstance(value, tuple) else ():
        yield from _references(part)
    for name in _names(value) if isinstance(value, Block) else ():
        yield from _references(getattr(value, name))


def _results(value: Any) -> Iterator[Step]:
    """The steps that stand as results, by themselves or beside code."""
    if isinstance(value, Steps):
        yield from (step for step in value.steps if _keys(step))
    elif isinstance(value, Beside):
        yield from (step for steps, _ in value.rows for step in steps if _keys(step))
    elif isinstance(value, tuple):
        for part in value:
            yield from _results(part)
    elif isinstance(value, Block):
        for name in _names(value):
            yield from _results(getattr(value, name))


def _names(value: Any) -> list[str]:
    return [one.name for one in fields(value)] if is_dataclass(value) else []


def _told(value: Any, numbers: Numbers) -> Any:
    """A block, or what is in it, with the numbers of the document."""
    if isinstance(value, Reference):
        return _resolved(value, numbers)
    if isinstance(value, Step):
        number, label = next((numbers[key] for key in _keys(value) if key in numbers), (None, ""))
        claim, rule = (_told(part, numbers) for part in (value.claim, value.rule))
        return replace(value, number=number, members=(), label=label, claim=claim, rule=rule)
    if isinstance(value, Code):
        return Code(*code(value.text, numbers))
    if isinstance(value, Beside):
        rows = tuple((_told(steps, numbers), code(text, numbers)[0]) for steps, text in value.rows)
        return replace(value, rows=rows)
    if isinstance(value, Scene):
        return replace(value, nodes=tuple(replace(n, number=numbers.get(str(n.number), (0, ""))[0]) for n in value.nodes))
    if isinstance(value, tuple):
        return tuple(_told(part, numbers) for part in value)
    if isinstance(value, Block):
        return replace(value, **{name: _told(getattr(value, name), numbers) for name in _names(value)})
    return value


def _resolved(asked: Reference, numbers: Numbers) -> str:
    number, label = numbers.get(str(asked), (0, ""))
    return Reference(label, number) if number else "…"


def code(text: str, numbers: Numbers) -> tuple[str, frozenset[str]]:
    """A listing whose comments have the numbers of the document, and these; a comment without an equation goes."""
    used: set[str] = set()

    def line(match: re.Match[str]) -> str:
        here = [str(numbers[own][0]) for own in re.findall(r"\((\d+)\)", match[0]) if own in numbers]
        used.update(here)
        if not here:
            return ""
        return re.sub(r"\((\d+)\)", lambda own: f"({numbers[own[1]][0]})" if own[1] in numbers else "", match[0])

    return re.sub(rf" *{NUMBER.pattern}.*", line, text), frozenset(used)
