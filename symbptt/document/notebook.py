"""The notebook of a document: its words, and cells with the emitted module, or where it has exercises cells to be completed."""

from dataclasses import replace

from symbptt.compose import Chain, Subject, source
from symbptt.document import ipynb, listing, numbering
from symbptt.document.backward_pass.asked import Asked, cut
from symbptt.document.blocks import Block, Document, Heading
from symbptt.document.context import DocumentContext
from symbptt.document.ipynb import Cell
from symbptt.document.kinds import KINDS
from symbptt.document.printed.function import printed
from symbptt.document.printed.gaps import gaps
from symbptt.emit.source_file import wanted_variables
from symbptt.model.values import Model, Role

_MAIN = "\n\nif __name__ =="
_CHECK = '''\
worst = self_check(T={steps})
for name, error in worst.items():
    print(f"{{name:<16}} {{error:.1e}}")
assert max(worst.values()) < 1e-11
'''
_MODEL = """\
{reader}
from symbptt.testing import feedback

MODEL = {function}(
{text},
    {names},
)
"""
_FEEDBACK = "print(feedback(MODEL, {function}, {names!r}{steps}))\n"


def asks(document: Document) -> bool:
    """Whether its notebook has cells to be completed."""
    chain = document.context.chain
    judged = KINDS[document.kind].exercises and (chain is None or chain.loss is not None)
    return judged and any(_gradients(context) for context in document.context.each())


def without_code(document: Document) -> Document:
    """What students get of a document that asks for its code: all but that."""
    return replace(document, blocks=tuple(_kept(document.blocks))) if asks(document) and document.room else document


def _kept(blocks: tuple[Block, ...]) -> list[Block]:
    kept, gone = list[Block](), False
    for block in blocks:
        if isinstance(block, Heading) and block.level == 1:
            gone = block.key == "code"
        kept += [block] * (not gone)
    return kept


def write(text: str, document: Document) -> str:
    """The notebook of a document that is written in Markdown."""
    cells = [ipynb.words(part) for part in ipynb.parts(text)]
    made = _completed if asks(document) else _run
    cells += [cell for context in document.context.each() for cell in made(document, context)]
    return ipynb.notebook(cells, document.language)


def _run(document: Document, context: DocumentContext) -> list[Cell]:
    """The module of a model, and its own check of every gradient by the complex step."""
    say, model = context.presentation.text, context.model
    names = context.wrt if isinstance(context.wrt, (str, type(None))) else tuple(context.wrt)
    whole = listing.module(model, names, context.T) if context.chain is None else source(context.chain, wrt=names).text
    module = whole.split(_MAIN)[0]
    return [
        ipynb.words(f"## {say('document.run.heading', model=model.name)}\n\n{say('document.run.module')}"),
        ipynb.code(module, folded=True), ipynb.words(say("document.run.check")), ipynb.code(_CHECK.format(steps=context.T)),
    ]


def _gradients(context: DocumentContext) -> tuple[str, ...]:
    """What is asked for: the gradients with respect to parameters, else to what the document derives by."""
    asked = context.variables if context.chain is None else wanted_variables(context.chain, context.wrt)
    return tuple(v.name for v in asked if v.role is Role.PARAMETER) or tuple(v.name for v in asked)


def _completed(document: Document, context: DocumentContext) -> list[Cell]:
    """The backward pass to be written, first line by line, then as a whole, each with a check that says what is wrong."""
    say, model, names = context.presentation.text, context.chain or context.model, _gradients(context)
    asked = Asked(model, names, cut(model, names), language=document.language)

    def code(text: str) -> Cell:
        return ipynb.code(numbering.code(text, document.numbers)[0])

    cells = [
        ipynb.words(f"## {say('document.write.heading')}\n\n{say('document.write.check')}"),
        ipynb.code(_judge(model), folded=True),
    ]
    whole = isinstance(model, Chain) or not set(names) <= {p.name for p in model.parameters}
    lines = None if whole else printed(context.model, context.variables)
    if lines is not None:
        cells += [
            ipynb.words(f"### {say('document.write.lines')}\n\n{say('document.write.lines_text')}"),
            code(gaps(lines, context.model) if document.room else lines),
            ipynb.code(_FEEDBACK.format(function="value_and_grad", names=list(names), steps="")),
        ]
    steps = "" if asked.steps is None else f", T={asked.steps}"
    body = asked.prompt if document.room else asked.body
    return [
        *cells, ipynb.words(f"### {say('document.write.whole')}\n\n{say('document.write.whole_text')}"), code(asked.given),
        *([] if document.room else [code(asked.source.solution)]), ipynb.code(asked.head + body),
        ipynb.code(_FEEDBACK.format(function="backward", names=list(names), steps=steps)),
    ]


_READERS = {
    Model: ("from symbptt.model.read import from_text", "from_text", "{name!r}"),
    Chain: ("from symbptt.compose import subject", "subject", "{name!r}, {stem!r}"),
}


def _judge(model: Subject) -> str:
    text = "\n".join(f"    {line!r}" for line in model.text.splitlines(keepends=True))
    reader, function, names = _READERS[type(model)]
    given = names.format(name=f"{model.name}.toml", stem=model.name)
    return _MODEL.format(text=text, reader=reader, function=function, names=given)
