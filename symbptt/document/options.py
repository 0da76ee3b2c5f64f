"""What is asked of a document, apart from the model."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from symbptt import checks
from symbptt.data.wrt import ALL
from symbptt.document import customization
from symbptt.document.customization import NOTHING, Customization
from symbptt.document.kinds import KINDS
from symbptt.document.kinds.kind import Part
from symbptt.document.parts import chunks, closing, measured
from symbptt.errors import BadInput, UnknownName
from symbptt.narrative.presentation import Presentation, presentation_in

VERSIONS = ("teacher", "student")
"""With the solutions of exercises, or with room for them."""
MANY = 500
"""Variants of a sheet at most."""
LENGTHS = ("short", "full")
"""What a lesson needs, or all that there is to say: the terms one by one, the checks, tables and a card."""


@dataclass(frozen=True)
class DocumentOptions:
    """What a document should be: its kind, language, notation and layout, and what its author adds.

    A notation is the name of one of the package or the path of a file; without a layout ("column" or "row") it is that of the
    notation. `version` and `seed` are those of exercises, `length` is that of the document; `title`, `author` and `course` stand
    above; `templates` is a folder, `prose` a TOML file of one's own; `analysis` is "all", or names of parts of the measured
    section separated by commas, or nothing; with `chunk` it is about the chunk form of so many tokens. Raises UnknownName for a
    name that does not exist, BadInput for what cannot be used.
    """

    kind: str = "derivation"
    language: str = "en"
    notation: str = "textbook"
    layout: str | None = None
    version: str = "teacher"
    length: str = "short"
    without_derivation: bool = False
    variants: int = 0
    seed: int = 0
    title: str = ""
    author: str = ""
    course: str = ""
    templates: Path | None = None
    prose: Path | None = None
    analysis: str = ""
    chunk: int | None = None
    own: Customization = field(default=NOTHING, init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UnknownName("kind of document", self.kind, KINDS)
        if self.version not in VERSIONS:
            raise UnknownName("version", self.version, VERSIONS)
        if self.length not in LENGTHS:
            raise UnknownName("length", self.length, LENGTHS)
        if self.without_derivation and not KINDS[self.kind].of_sheet:
            raise BadInput(f"a document of the kind {self.kind} has no exercises, so it is nothing without its derivation")
        if self.variants and not KINDS[self.kind].exercises:
            raise BadInput(f"a document of the kind {self.kind} has no exercises, so it has no variants")
        if checks.whole(self.variants, 0, MANY) is None:
            raise BadInput(f"variants must be a whole number from 0 to {MANY}, not {self.variants!r}")
        checks.seed(self.seed)
        if self.chunk is not None and not KINDS[self.kind].in_chunks:
            able = " or ".join(name for name, kind in KINDS.items() if kind.in_chunks)
            raise BadInput(f"a document of the kind {self.kind} has no room for a chunk form; --chunk is for a {able}")
        if self.chunk is not None:
            checks.positive(self.chunk, "the chunk")
        if self.templates is not None and not Path(self.templates).is_dir():
            raise BadInput(f"{self.templates}: no folder of templates")
        measured.chosen(self.analysed)
        if self.prose is not None:
            object.__setattr__(self, "own", customization.read(Path(self.prose)))
            self._check_parts()
        self.presentation()

    def _check_parts(self) -> None:
        names = [part.__name__ for part in dict.fromkeys((*KINDS[self.kind].parts, *self.parts))]
        for name in self.own.named():
            if name not in names:
                raise UnknownName(f"part of a {self.kind}", name, names, str(self.prose))

    def presentation(self) -> Presentation:
        """How the document speaks, in the author's words where there are some."""
        spoken = presentation_in(self.language, self.notation, self.layout)
        return replace(spoken, words=self.own.words) if self.own.words else spoken

    @property
    def analysed(self) -> tuple[str, ...]:
        """The parts of the measured section, none for all of them."""
        return () if self.analysis in ("", ALL) else tuple(name.strip() for name in self.analysis.split(","))

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts of the kind, that of chunks behind the graph and the measured section before the references, if asked for."""
        kind = KINDS[self.kind]
        own = tuple(part for part in kind.parts if self.length == "full" or part not in kind.at_length)
        if self.without_derivation:
            own = tuple(part for part in own if part in kind.of_sheet)
        if self.chunk is not None:
            behind = 1 + next((i for i, part in enumerate(own) if part.__name__ == "graph"), -1)
            own = (*own[:behind], chunks.chunks, *own[behind:])
        where = own.index(closing.references) if closing.references in own else len(own)
        whole = {part.__name__: part for part in ((*own[:where], measured.measured, *own[where:]) if self.analysis else own)}
        return tuple(whole[name] for name in self.own.arranged(list(whole)))

    @property
    def solutions(self) -> bool:
        """Whether solutions are in the document."""
        return self.version == "teacher"

    def changed(self) -> dict[str, object]:
        """What differs from a plain document, by option of the command line."""
        known = type(self).__dataclass_fields__
        values = {_OPTIONS.get(name, name): (getattr(self, name), known[name].default) for name in known if name != "own"}
        return {option: value for option, (value, default) in values.items() if value != default}

    def flags(self) -> str:
        """The options of the command line that say the same, defaults left out."""
        changed = self.changed().items()
        return " ".join(f"--{option}" if value is True else f"--{option} {_quoted(value)}" for option, value in changed)

    def names(self) -> list[str]:
        """What the names of files say of it."""
        return [Path(str(value)).stem for option, value in self.changed().items() if option in _NAMING]


_OPTIONS = {"language": "lang", "without_derivation": "without-derivation"}
_NAMING = ("kind", "lang", "notation", "layout")


def _quoted(value: object) -> str:
    text = str(value)
    return text if text and all(c.isalnum() or c in "-_./" for c in text) else "'" + text.replace("'", "’") + "'"


PLAIN = DocumentOptions()
"""A derivation in English, with columns."""
