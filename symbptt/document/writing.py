"""Documents composed, rendered in a format, and written as files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from symbptt import files
from symbptt.chunk import chunked
from symbptt.compose import Chain, Subject, any_model
from symbptt.data.wrt import ALL
from symbptt.document import variants
from symbptt.document.blocks import Block, Box, Bullets, Document, LeftOut, Paragraph
from symbptt.document.composed import assembled
from symbptt.document.composed.members import members
from symbptt.document.context import DocumentContext
from symbptt.document.formats import PAGES, Format, format_of, of_file
from symbptt.document.frames import slides
from symbptt.document.kinds import KINDS
from symbptt.document.kinds.kind import Part
from symbptt.document.named import named
from symbptt.document.numbering import numbered, numbering
from symbptt.document.options import PLAIN, DocumentOptions
from symbptt.document.renderer import Renderer
from symbptt.document.writers.writer import Writer
from symbptt.errors import BadInput
from symbptt.model.read import differentiable
from symbptt.model.values import Model, Role
from symbptt.narrative.inline import Prose, math
from symbptt.typeset.tree import Tree

Names = tuple[str, ...] | str | None
Source = Subject | str | Sequence[Subject | str]
"""A model, or several for a kind that is about several."""


def models(source: Source, kind: str) -> tuple[Subject, ...]:
    """The models of a document; raises BadInput if the kind is about another number of them, or not about composed ones."""
    given = (source,) if isinstance(source, (Model, Chain, str)) else tuple(source)
    wanted = KINDS[kind].models
    if len(given) != wanted:
        raise BadInput(f"a document of the kind {kind} is about {wanted} model{'s' * (wanted > 1)}, not {len(given)}")
    found = tuple(map(any_model, given))
    if wanted > 1 and any(isinstance(one, Chain) for one in found):
        raise BadInput(f"a document of the kind {kind} is not about models with two directions or phases yet")
    return found


def _command(context: DocumentContext, wrt: Names, options: DocumentOptions) -> str:
    names = f"--wrt {wrt if isinstance(wrt, str) else ','.join(wrt)}" if wrt else ""
    which = [part for model in context.subjects for part in (model.name, model.options)]
    parts = ("symbptt document", *which, f"-T {context.T}", names, options.flags())
    return " ".join(part for part in parts if part)


def _context(given: tuple[Subject, ...], T: int, wrt: Names, options: DocumentOptions) -> DocumentContext:
    """What the document is about: models with losses, the chunk form of one, or the members of a composed one."""
    chain = next((one for one in given if isinstance(one, Chain)), None)
    plain = tuple(one for one in given if isinstance(one, Model))
    if chain is not None:
        assembled.check(options.changed())
        wrt = wrt or (None if chain.parameters else ALL)
    chunks, presentation = None if options.chunk is None else chunked(plain[0]), options.presentation()
    about = (
        tuple(member.model for member in members(chain)) if chain is not None else
        (chunks.differentiable,) if chunks is not None else
        tuple(named(differentiable(one), presentation.notation.bold) for one in plain)
    )
    return DocumentContext(
        about, T, wrt, presentation.about(about[0]), options.solutions, options.seed, options.own, options.analysed,
        options.length == "full", options.without_derivation, chunks, options.chunk or 0, chain,
    )


def compose(source: Source, T: int, wrt: Names = None, options: DocumentOptions = PLAIN) -> Document:
    """The document as blocks, before any format.

    `wrt` is None for what the kind derives by. A model without a loss is derived for given cotangents of its outputs, and the
    document says so.
    Raises BadInput for a T or a name that is not possible.
    """
    kind = KINDS[options.kind]
    given = models(source, options.kind)
    context = _context(given, T, wrt or kind.wrt, options)
    title = options.title or options.own.title or _title(context)
    course, author = options.course or options.own.course, options.author or options.own.author
    subtitle = context.presentation.prose(f"document.subtitle.{options.kind}", steps=math(f"T = {T}"))
    version = (context.presentation.text(f"document.version.{options.version}"),) if kind.exercises else ()
    byline = tuple(line for line in (course, author, *version) if line)
    if context.chain is None:
        told = [*_without_loss(given, context), *(block for part in options.parts for block in _told(part, context))]
    else:
        last = replace(context, models=context.models[-1:])
        told = [*_without_loss((context.chain.parts[-1].model,), last), *assembled.blocks(options.parts, context, _told)]
    gathered = _gathered(told, context)
    numbers = numbering(gathered)
    whole = numbered(gathered, numbers)
    blocks = tuple(slides(whole)) if kind.slides else whole
    return Document(
        options.kind, title, subtitle, byline, options.language, _command(context, wrt, options), blocks, context,
        room=kind.exercises and not options.solutions, author=author, numbers=numbers,
    )


def _title(context: DocumentContext) -> str:
    """The titles of the models; of a chunk form that of its token, and how many there are."""
    presentation = context.presentation
    if context.chunks is None:
        return " · ".join(map(presentation.title, context.subjects))
    return presentation.text("chunks.title", title=presentation.title(context.chunks.token), tokens=str(context.chunk))


def _without_loss(given: Iterable[Subject], context: DocumentContext) -> Iterator[Block]:
    """What stands in the place of a loss, for every model that has none."""
    for model, own in zip(given, context.models, strict=True):
        if isinstance(model, Model) and model.loss is None and own.loss is not None:
            presentation, loss = context.presentation, own.loss.target
            slots: dict[str, str | Tree | Prose] = {
                "model": presentation.title(model), "loss": presentation.tree(loss.at(), own),
                "cotangents": presentation.listed(presentation.tree(v.at(), own) for v in own.of(Role.TARGET)),
            }
            yield Box("note", presentation.prose("document.no_loss.title"),
                (Paragraph(presentation.prose("document.no_loss.text", **slots)),))


def _told(part: Part, context: DocumentContext) -> tuple[Block, ...]:
    """A part with the author's paragraphs after its heading and at its end."""
    own = context.own.part(part.__name__)
    if own.skip:
        return ()
    made = part(context)
    before, after = (tuple(map(Paragraph, texts)) for texts in (own.before, own.after))
    return (*made[:1], *before, *made[1:], *after)


def _gathered(blocks: list[Block], context: DocumentContext) -> tuple[Block, ...]:
    """The reasons for what is left out, at the end."""
    reasons = tuple(block.reason for block in blocks if isinstance(block, LeftOut))
    kept = tuple(block for block in blocks if not isinstance(block, LeftOut))
    if not reasons:
        return kept
    return (*kept, Box("note", context.presentation.prose("document.left_out"), (Bullets(reasons),)))


def finished(document: Document, format: str, options: DocumentOptions = PLAIN) -> str | bytes:
    """A composed document in a format; raises UnknownName for another one."""
    found = format_of(format)
    return _finished(document, found, found.writer(document.language), options)


def _finished(document: Document, found: Format, writer: Writer, options: DocumentOptions) -> str | bytes:
    templates = None if options.templates is None else Path(options.templates)
    shown = found.before(document)
    return found.finish(Renderer(writer, document.kind, templates).document(shown), document)


def _files(document: Document, stem: str, format: str, options: DocumentOptions) -> dict[str, str | bytes]:
    """The file of a format by its name, and the pictures that stand beside it."""
    found, pictures = format_of(format), dict[str, str]()
    beside = found.beside(document.language, stem, pictures) if found.beside else found.writer(document.language)
    made = _finished(document, found, beside, options)
    return {found.file(stem, format): made, **pictures}


def render(source: Source, T: int, format: str = "tex", wrt: Names = None, options: DocumentOptions = PLAIN) -> str:
    """The document in a format that is text; arguments and errors as of `compose`, and BadInput for another format."""
    if not format_of(format).text:
        raise BadInput(f"{format} is a format of files, not of text; document.write makes them")
    return str(finished(compose(source, T, wrt, options), format, options))


def shown(document: Document, format: str = "html") -> str:
    """A document that is composed already, in a format that is text, with the templates of the package."""
    return str(finished(document, format, PLAIN))


def _name(found: tuple[Subject, ...], T: int, options: DocumentOptions) -> str:
    version = [options.version] if KINDS[options.kind].exercises else []
    sheet = ["sheet"] if options.without_derivation else []
    chunk = [f"chunk{options.chunk}"] if options.chunk is not None else []
    return "_".join([*(model.name for model in found), f"T{T}", *chunk, *options.names(), *sheet, *version])


def _documents(found: tuple[Subject, ...], T: int, wrt: Names, options: DocumentOptions) -> Iterator[tuple[str, Document]]:
    """(name of the file without its suffix, document): one, or those of all variants with their key."""
    if not options.variants:
        yield _name(found, T, options), compose(found, T, wrt, options)
        return
    stem = _name(found, T, options).removesuffix(f"_{options.version}")
    for name, document in variants.documents(lambda one: compose(found, T, wrt, one), options):
        yield f"{stem}_{name}", document


def _file(output: Path, formats: tuple[str, ...], options: DocumentOptions) -> tuple[str, str] | None:
    """(stem, format) where `output` names a file and not a folder; raises BadInput where what is asked for does not go there."""
    by_name = None if output.is_dir() else of_file(output.name)
    if by_name is None:
        return None
    if options.variants:
        raise BadInput(f"{output} is one file, and variants are several; give the name of a folder")
    format, *more = formats or (by_name,)
    ending = format_of(format).file("", format)
    if more or not output.name.endswith(ending):
        raise BadInput(f"{output} is one file of the format {by_name}, not of {' and '.join(formats)}; give the name of a folder")
    return output.name.removesuffix(ending), format


def write(
    source: Source, T: int, output: str | Path = ".", formats: Iterable[str] = (), wrt: Names = None,
    force: bool = False, options: DocumentOptions = PLAIN,
) -> list[Path]:
    """Write the document, one file per format, such as elman_T3.tex, with pictures beside Markdown; all or none. Returns paths.

    `output` is a folder, made if it is missing, or a file with the ending of a format, such as handout.pdf. Without formats a
    folder gets TeX and HTML. Raises BadInput as `compose` does, for an unknown format, as `pdf.typeset` does for a PDF, for
    several files where one is named, and for a file that exists, unless `force`.
    """
    found, output = models(source, options.kind), Path(output)
    wanted = tuple(format for format in dict.fromkeys(formats) if format_of(format))
    one = _file(output, wanted, options)
    folder, wanted = (output, wanted or PAGES) if one is None else (output.parent, one[1:])
    made: dict[Path, str | bytes] = {}
    for name, document in _documents(found, T, wrt, options):
        stem = name if one is None else one[0]
        for format in wanted:
            made |= {folder / file: content for file, content in _files(document, stem, format, options).items()}
    files.make_folder(folder)
    return list(files.write_all(made, force=force))
