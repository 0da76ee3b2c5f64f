"""Rendering and writing documents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from symbptt import files
from symbptt.document.blocks import Document
from symbptt.document.formats import format_of
from symbptt.document.kinds import KINDS
from symbptt.document.lesson import Lesson
from symbptt.document.scribe import Scribe
from symbptt.errors import BadInput, UnknownName
from symbptt.model.read import load
from symbptt.model.values import Model
from symbptt.narrative.inline import math
from symbptt.narrative.voice import Voice, speaking

Names = tuple[str, ...] | str | None


@dataclass(frozen=True)
class Wishes:
    """What a document should be: its kind, its language, its notation and layout, and a folder of templates of its author's own.

    A notation is the name of one of the package or the path of a file; without a layout ("column" or "row") it is that of the
    notation. Raises UnknownName for a name that does not exist, BadInput for a file or folder that cannot be used.
    """

    kind: str = "derivation"
    language: str = "en"
    notation: str = "textbook"
    layout: str | None = None
    templates: Path | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UnknownName("kind of document", self.kind, KINDS)
        self.voice()
        if self.templates is not None and not self.templates.is_dir():
            raise BadInput(f"{self.templates}: no folder of templates")

    def voice(self) -> Voice:
        """How the document speaks."""
        return speaking(self.language, self.notation, self.layout)

    def changed(self) -> dict[str, object]:
        """What differs from a plain document, by option of the command line."""
        named = {"kind": "kind", "lang": "language", "notation": "notation", "layout": "layout", "templates": "templates"}
        values = {option: (getattr(self, name), type(self).__dataclass_fields__[name].default) for option, name in named.items()}
        return {option: value for option, (value, default) in values.items() if value != default}

    def options(self) -> str:
        """The options of the command line that say the same, defaults left out."""
        return " ".join(f"--{option} {value}" for option, value in self.changed().items())


PLAIN = Wishes()


def _command(model: Model, T: int, wrt: Names, wishes: Wishes) -> str:
    names = f"--wrt {wrt if isinstance(wrt, str) else ','.join(wrt)}" if wrt else ""
    parts = ("symbptt document", model.name, model.options, f"-T {T}", names, wishes.options())
    return " ".join(part for part in parts if part)


def compose(model: Model | str, T: int, wrt: Names = None, wishes: Wishes = PLAIN) -> Document:
    """The document as blocks, before any format.

    `wrt` is None for all parameters, inputs and initial states. Raises BadInput for a model without a loss, and for a T or a
    name that is not possible.
    """
    model = load(model)
    voice = wishes.voice()
    lesson = Lesson((model,), T, wrt, voice)
    title, subtitle = lesson.derivation.title, voice.say("document.subtitle", steps=math(f"T = {T}"))
    blocks = tuple(block for part in KINDS[wishes.kind] for block in part(lesson))
    return Document(wishes.kind, title, subtitle, wishes.language, _command(model, T, wrt, wishes), blocks, lesson)


def _made(document: Document, format: str, wishes: Wishes) -> str | bytes:
    found = format_of(format)
    text = Scribe(found.pen(document.language), document.kind, wishes.templates).document(document)
    return found.finish(text, document.lesson)


def render(model: Model | str, T: int, format: str = "tex", wrt: Names = None, wishes: Wishes = PLAIN) -> str:
    """The document in a format that is text; arguments and errors as of `compose`, and BadInput for another format."""
    if not format_of(format).text:
        raise BadInput(f"{format} is a format of files, not of text; document.write makes them")
    return str(_made(compose(model, T, wrt, wishes), format, wishes))


def _name(model: Model, T: int, wishes: Wishes) -> str:
    extra = [Path(str(value)).stem for option, value in wishes.changed().items() if option != "templates"]
    return "_".join([model.name, f"T{T}", *extra])


def write(
    model: Model | str, T: int, directory: str | Path = ".", formats: Iterable[str] = ("tex", "html"), wrt: Names = None,
    force: bool = False, wishes: Wishes = PLAIN,
) -> list[Path]:
    """Write the document, one file per format, such as elman_T3.tex; all of them or none. Returns their paths.

    The folder is made if it is missing. Raises BadInput as `compose` does, for an unknown format, as `pdf.typeset` does for a
    PDF, and for a file that exists, unless `force`.
    """
    model = load(model)
    wanted = [format for format in dict.fromkeys(formats) if format_of(format)]
    document = compose(model, T, wrt, wishes)
    stem = Path(directory) / _name(model, T, wishes)
    made = {stem.with_name(f"{stem.name}.{format}"): _made(document, format, wishes) for format in wanted}
    files.make_folder(directory)
    return list(files.write_all(made, force=force))
