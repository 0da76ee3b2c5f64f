"""The members of a composed model as subjects of the ordinary parts of documents.

A member has a loss: its own, or the sum of its outputs times what later members hand back for them. The numbers of its equations
go on where those of the member before end, as references to them have to be of one document.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

from symbptt.compose import Chain
from symbptt.compose.chain import How, Link, Part
from symbptt.compose.cotangents import with_cotangents
from symbptt.compose.mirror import mirrored_presentation
from symbptt.compose.told import heading
from symbptt.derive.recursion import recursion
from symbptt.document.blocks import Block, Heading
from symbptt.document.context import DocumentContext
from symbptt.document.named import with_letters
from symbptt.emit.source_file import wanted_variables
from symbptt.model.values import Model, Variable
from symbptt.narrative.inline import Reference
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.values import Prose, Step
from symbptt.typeset.tree import Identifier, Tree, rebuilt

START, TAKEN = "derivation.conventions.initial", "composed.reads.start"
"""What is said of initial values, and what instead where they come from earlier parts."""
LEVELS = 3
"""The levels that headings have."""


@dataclass(frozen=True)
class Member:
    """A part, counted from 1, as a model with a loss; `handed` are its outputs with the targets that are their cotangents.

    The numbers of its equations are those of emitted code behind `before`.
    """

    number: int
    part: Part
    model: Model
    handed: tuple[tuple[Variable, Variable], ...]
    before: int

    def presentation(self, spoken: Presentation, T: int) -> Presentation:
        """How a document over T steps speaks of it."""
        taken = any(link.how is How.FINAL for link in self.part.links)
        own = replace(spoken, words=(*spoken.words, (START, spoken.text(TAKEN, initial="{initial}")))) if taken else spoken
        return (mirrored_presentation(own, T) if self.part.backward else own).about(self.model)

    def about(self, context: DocumentContext) -> DocumentContext:
        """The context of its own parts: it is derived by what is asked for, and by what it hands back."""
        assert context.chain is not None
        names = {v.name for v in wanted_variables(context.chain, context.wrt)} | self.part.linked
        wrt = tuple(v.name for v in self.model.with_gradient if v.name in names)
        return replace(context, models=(self.model,), wrt=wrt, presentation=self.presentation(context.presentation, context.T),
            chain=None)

    def heading(self, presentation: Presentation, T: int) -> str:
        """What it computes, and in which direction."""
        return heading(replace(self.part, model=self.model), self.number, self.presentation(presentation, T))

    def scoped(self, value: Any) -> Any:
        """Blocks, or what is in them, inside a document of several members: headings below that of the member, keys of its own,
        and its own number of steps."""
        if isinstance(value, Heading):
            return replace(value, key=f"part-{self.number}-{value.key}", level=min(value.level + 1, LEVELS))
        if isinstance(value, Reference):
            return value if value.isdigit() else Reference(self._own(value))
        if isinstance(value, Tree):
            return self._counted(value) if self.part.steps else value
        if isinstance(value, tuple):
            return tuple(map(self.scoped, value))
        if isinstance(value, Step):
            found = replace(value, **{f.name: self.scoped(getattr(value, f.name)) for f in fields(value) if f.name != "numbers"})
            return replace(found, label=self._own(value.label)) if value.label else found
        if isinstance(value, Block):
            return replace(value, **{f.name: self.scoped(getattr(value, f.name)) for f in fields(value)})
        return value

    def _own(self, label: str) -> str:
        return f"{label}-{self.number}"

    def _counted(self, tree: Tree) -> Tree:
        return Identifier(self.part.steps) if tree == Identifier("T") else rebuilt(tree, self._counted)


def reads(member: Member, every: tuple[Member, ...], presentation: Presentation) -> Iterator[Prose]:
    """What a member reads of earlier ones among all, but not yet how its gradient goes back."""
    def name(link: Link) -> Tree:
        return presentation.name(member.model[link.name], member.model)

    if same := [name(link) for link in member.part.links if link.how is How.STEPS]:
        yield presentation.prose("composed.reads.steps", values=presentation.listed(same))
    for link in member.part.links:
        if link.how is not How.STEPS:
            origin = next(m for m in every if link.source in {v.name for v in m.model.variables})
            source = presentation.name(origin.model[link.source], origin.model)
            yield presentation.prose(f"composed.reads.{link.how}", name=name(link), source=source)


@lru_cache(maxsize=16)
def members(chain: Chain) -> tuple[Member, ...]:
    """The members in the order of computation."""
    return tuple(_members(chain))


def _members(chain: Chain) -> Iterator[Member]:
    last = 0
    for number, part in enumerate(chain.parts, 1):
        model, handed = with_cotangents(part.model)
        told = replace(model, name=chain.name, title=chain.title, reference=chain.reference, notes=chain.notes,
                       translations=chain.translations, options=chain.options)
        made = with_letters(_numbered(told, last, bool(handed)))
        yield Member(number, part, made, handed, last)
        last = max((e.number for e in (*recursion(made).adjoints, *recursion(made).gradients)), default=last)


def _numbered(model: Model, before: int, handed: bool) -> Model:
    """Its equations with numbers behind `before`; the loss of what is handed back is not in emitted code, and has no number."""
    own = tuple(replace(e, number=e.number + before) for e in model.equations)
    assert model.loss is not None
    end = max((e.number for e in own), default=before)
    *inner, last = model.loss.equations
    if not handed:
        of_loss = tuple(replace(e, number=e.number + before) for e in model.loss.equations)
        return replace(model, equations=own, loss=replace(model.loss, equations=of_loss))
    value = last.value
    for equation in reversed(inner):  # inner values have adjoints, which emitted code does not have either
        value = value.xreplace({equation.target.at(): equation.value})
    variables = tuple(v for v in model.variables if v not in {e.target for e in inner})
    loss = replace(model.loss, equations=(replace(last, value=value, number=end),))
    return replace(model, variables=variables, equations=own, loss=loss)
