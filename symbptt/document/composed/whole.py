"""The parts of a composed document that are about all of its members."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from symbptt.algebra.nodes import SOURCE, TIME, Partial, SumOver
from symbptt.compose.chain import How, Link
from symbptt.compose.emission import source
from symbptt.compose.told import handed, links, shared
from symbptt.document import glossary, listing
from symbptt.document.blocks import Block, Code, Figure, Heading, Lines, Paragraph, Steps
from symbptt.document.composed import graph as drawing
from symbptt.document.composed.members import Member, members, reads
from symbptt.document.context import DocumentContext
from symbptt.document.fields import HALF
from symbptt.document.parts import goals as goals_of
from symbptt.document.parts.opening import tables
from symbptt.emit.source_file import wanted_variables
from symbptt.model.values import Model
from symbptt.narrative import forward as given
from symbptt.narrative import symbols
from symbptt.narrative.backward import during
from symbptt.narrative.families import families
from symbptt.narrative.inline import Prose
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.symbols import LAST
from symbptt.narrative.values import Step, Typed
from symbptt.typeset.tree import Equality, Fenced, Identifier, Number, Operator, Row, Script, Text, Tree


def chained(context: DocumentContext) -> tuple[Member, ...]:
    """The members of a document about a composed model."""
    assert context.chain is not None
    return members(context.chain)


def union(context: DocumentContext) -> DocumentContext:
    """The context of parts that ask which symbols and functions there are: the equations of all members as one model."""
    every = chained(context)
    variables = {v.name: v for member in every for v in member.model.variables}
    equations = tuple(e for member in every for e in member.model.equations)
    model = replace(every[-1].model, variables=tuple(variables.values()), equations=equations)
    return replace(context, models=(model,), wrt=None, chain=None)


def goals(context: DocumentContext) -> tuple[Block, ...]:
    """The learning goals, without that of a part that no composed document has."""
    return goals_of.told(union(context), "derive", "rules", "terms", "code")


def notation(context: DocumentContext) -> tuple[Block, ...]:
    """Every symbol with its meaning and shape, that of several members once."""
    rows: dict[Tree, glossary.Entry] = {}
    for member in chained(context):
        own = member.about(context)
        presentation = own.presentation
        told_as = {presentation.tree(r.at(), member.model): presentation.prose("composed.part.cotangent",
                   value=presentation.name(v, member.model))
                   for v, r in member.handed}
        for entry in member.scoped(glossary.entries(own.derivation, own.letter, context.full)):
            rows.setdefault(entry.symbol, replace(entry, meaning=told_as.get(entry.symbol, entry.meaning)))
    told = union(context)
    sizes = Paragraph(glossary.sizes(told.model, told.presentation))
    return (Heading(context.presentation.text("common.heading.notation"), "notation"), *tables(rows.values(), context), sizes)


def whole_notation(context: DocumentContext) -> tuple[Block, ...]:
    """The same with the functions that are called and the signs of formulas."""
    return notation(replace(context, full=True))


def graph(context: DocumentContext) -> tuple[Block, ...]:
    """The unrolled graph of all members, and what they are."""
    presentation, every = context.presentation, chained(context)
    title = presentation.text("document.graph.title", title=presentation.title(context.model), steps=str(context.T))
    drawn = Figure(drawing.scene(every, context), title, presentation.prose("document.graph.unlabelled"))
    return (Heading(presentation.text("common.heading.graph"), "graph"), drawn)


def forward(context: DocumentContext) -> tuple[Block, ...]:
    """Conventions, those that only symbols tell apart once, and the equations of one step, member by member."""
    said: dict[Prose, Prose] = {}
    for member in chained(context):
        presentation = member.presentation(context.presentation, context.T)
        own = member.model.states and given.state_told(member.model, presentation)
        for prose in given.conventions(member.model, presentation).intro:
            told, plus = prose, given.plus(presentation)
            if any(part in before for part in plus for before in said.values()):  # who writes the sign + how, once
                told = tuple(part for part in prose if part not in plus)
            words = tuple(part for part in told if isinstance(part, str))
            said.setdefault(told if prose == own else words, member.scoped(told))
    title = Heading(context.presentation.text("derivation.conventions.heading"), "conventions")
    return (title, *map(Paragraph, said.values()), *equations(context))


def equations(context: DocumentContext) -> tuple[Block, ...]:
    """The equations of one step, member by member, and what each member reads of others."""
    made: list[Block] = [Heading(context.presentation.text("derivation.forward.heading"), "forward")]
    made.append(Paragraph(context.presentation.prose("composed.part.lines")))
    for member in chained(context):
        presentation = member.presentation(context.presentation, context.T)
        made += [Heading(member.heading(context.presentation, context.T), f"part-{member.number}-forward", 2),
                 *map(Paragraph, reads(member, chained(context), presentation))]
        steps = given.equations(member.model, presentation).steps
        kept = tuple(step for step in steps if not (member.handed and step.label in _of_loss(member.model)))
        made.append(member.scoped(Steps(families(kept, member.about(context).letter))))
    return tuple(made)


def _of_loss(model: Model) -> tuple[str, ...]:
    assert model.loss is not None
    return ("loss", *(f"forward-{e.target.name}" for e in model.loss.equations))


def opening(member: Member, context: DocumentContext, brief: bool) -> tuple[Block, ...]:
    """What is handed back to a member, and what it hands back itself; in brief without rules and numbers."""
    presentation = member.presentation(context.presentation, context.T)
    before = map(Paragraph, handed(member.handed, member.model, presentation))
    after = map(Paragraph, links(member.part, presentation))
    steps = tuple(step for pair in member.handed for step in _gathered(member, context, pair[0].name))
    shown = Lines(tuple((step.equation, ()) for step in steps), HALF) if brief else Steps(steps)
    return (*before, *([shown] if steps else []), *after)


def _gathered(member: Member, context: DocumentContext, name: str) -> Iterator[Step]:
    """The gradient that is handed back for an output, the sum of what later members give: at any step, and at the last one where
    that is handed on by itself."""
    presentation, part = context.presentation, member.part
    cotangent = next(given for value, given in member.handed if value.name == name)
    pairs = [(reader, link) for reader in chained(context) for link in reader.part.links if link.source == name]
    end = Number("1") if part.backward else Identifier(part.steps or "T")
    rule = presentation.prose("composed.part.gathered")
    final = any(link.how is How.FINAL for _, link in pairs)
    for last in (False, True)[: 1 + final]:
        step = end if last else presentation.tree(SOURCE)
        given_back = [_given_back(reader, link, presentation, step) for reader, link in pairs if last
            or link.how is not How.FINAL]
        side = _sum(given_back or [Number("0")])
        if final and not last:
            side = during(side, Equality(step, (end,), ">" if part.backward else "<"))
        left = member.scoped(presentation.tree(cotangent.at((1 if part.backward else LAST) if last else SOURCE), member.model))
        yield Step(Equality(left, (side,)), rule, label=f"handed-{name}{'-end' * last}")


def _sum(parts: Iterable[Tree]) -> Tree:
    made = [item for part in parts for item in (Operator("+"), part)][1:]
    return made[0] if len(made) == 1 else Row(tuple(made))


def _given_back(reader: Member, link: Link, presentation: Presentation, step: Tree) -> Tree:
    """What a member gives for a value that it reads; of a memory the row of a step, of the sum over the reader's own steps."""
    model, variable = reader.model, reader.model[link.name]
    L = symbols.loss(model, None)
    if link.how is How.MEMORY:
        whole = reader.scoped(presentation.tree(SumOver(Partial(L, variable.at(), "total"), TIME, 1, LAST), model))
        places = [step, Operator(","), Operator("·", prefix=True)]
        row = Row(tuple(presentation.ordered(places))) if len(variable.shape) > 1 else step
        return Script(Fenced(whole), row, Operator(presentation.notation.transpose) if len(variable.shape) > 1 else None)
    at = SOURCE if link.how is How.STEPS else LAST + 1 if reader.part.backward else 0
    mark = Text(presentation.text("composed.part.mark", number=str(reader.number)))
    return Script(Fenced(reader.scoped(presentation.tree(Partial(L, variable.at(at), "total"), model))), mark)


def closing(context: DocumentContext) -> tuple[Block, ...]:
    """Which gradients are sums of those of several members."""
    assert context.chain is not None
    asked = wanted_variables(context.chain, context.wrt)
    return tuple(map(Paragraph, shared(context.chain, context.presentation, asked)))


def code(context: DocumentContext) -> tuple[Block, ...]:
    """The passes of the emitted module: how the parts are called and where their gradients go, then each part's own."""
    assert context.chain is not None
    chain, presentation = context.chain, context.presentation
    names = context.wrt if isinstance(context.wrt, str) or context.wrt is None else ",".join(context.wrt)
    command = " ".join(part for part in ("symbptt emit", chain.name, chain.options, f"--wrt {names}" if names else "") if part)
    intro = presentation.prose("document.code.intro", command=Typed(command))
    text = listing.composed(source(chain, wrt=context.wrt, style="plain").text, [member.before for member in chained(context)])
    return (Heading(presentation.text("common.heading.code"), "code"), Paragraph(intro), Code(text))
