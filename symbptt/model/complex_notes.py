"""What is said of complex variables: symbols of their parts, notes on the pairs and on the gradients; and where a fault stands.

A fault that shows in a pair is told of the entry of the file that the pair was made from.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from symbptt import words
from symbptt.errors import BadInput, UnknownName
from symbptt.model import complex_algebra as pair
from symbptt.model.latex import MAX_LATEX
from symbptt.model.model_file import ModelFile, Pairs, Symbol, Translation
from symbptt.model.place import Place


@dataclass(frozen=True)
class WrittenAnew(Place):
    """A place in a file with complex variables: one in a pair is that of the file's own entry, without a column."""

    base: Place = field(kw_only=True)
    origins: Pairs = field(kw_only=True)
    anew: bool = field(default=False, kw_only=True)

    def within(self, section: str, key: str = "") -> Place:
        """The place of a section or of a key in it."""
        own = dict(self.origins) if section in ("equations", "loss") else {}
        made = self.base.within(section, own.get(key) or self._whole(key))
        return replace(self, file=made.file, section=made.section, key=made.key, column=0, anew=key in own)

    def at(self, column: int) -> Place:
        """The place of a column, where the text is the file's own."""
        return self if self.anew else super().at(column)

    def error(self, message: str, kind: type[BadInput] = BadInput) -> BadInput:
        """The error with values called as in the file."""
        return super().error(re.sub(r"\b[A-Za-z_]\w*\b", lambda name: self._whole(name[0], "{part}({name})"), message), kind)

    def unknown(self, kind: str, name: str, known: Iterable[str]) -> UnknownName:
        """The error for a name, which suggests those of the file."""
        return super().unknown(kind, name, dict.fromkeys(dict(self.origins).get(other, other) for other in known))

    def _whole(self, name: str, said: str = "{name}") -> str:
        """What the file calls a part of a complex value."""
        whole, _, part = name.rpartition("_")
        return said.format(name=whole, part={"re": "real", "im": "imag"}[part]) if (name, whole) in self.origins else name


def placed(file: ModelFile, place: Place) -> Place:
    """The place of a file whose expressions were written anew, if some were."""
    told = not file.origins or isinstance(place, WrittenAnew)
    return place if told else WrittenAnew(place.file, place.section, place.key, base=place, origins=file.origins)


def symbols(file: ModelFile, found: set[str]) -> tuple[Symbol, ...]:
    """The symbols of the file, of a complex variable those of its parts, whether or not it has one in the file."""
    told = {symbol.name for symbol in file.symbols}
    every = (*file.symbols, *(Symbol(name, None, ()) for name in sorted(found - told)))
    return tuple(part for symbol in every for part in (_parts(symbol) if symbol.name in found else (symbol,)))


def _parts(symbol: Symbol) -> tuple[Symbol, ...]:
    """The symbols of the parts of a complex variable."""
    made = list[Symbol]()
    for name, part in zip(pair.names(symbol.name), pair.PARTS, strict=True):
        latex = rf"{symbol.latex}_{{\mathrm{{{part}}}}}" if symbol.latex and "_" not in symbol.latex else ""
        described = words.known(symbol.description) or words.everywhere("model.complex.value", name=symbol.name)
        patterns = {language: words.table(language)[f"model.complex.{part}"] for language in words.languages()}
        texts = ((lang, words.filled(patterns.get(lang, f"{{text}} ({part})"), {"text": text})) for lang, text in described)
        made.append(Symbol(name, latex if 0 < len(latex) <= MAX_LATEX else None, tuple(texts)))
    return tuple(made)


def with_notes(made: ModelFile, file: ModelFile, found: set[str]) -> ModelFile:
    """The file with notes on the pairs: the equations as the file has them, and what the gradients are."""
    lines = "; ".join(f"{name} = {text}" for name, text in file.equations if name in found)
    order = sorted(found, key=lambda name: (name not in dict(file.states), name))
    keys = {"model.complex.note": {"names": ", ".join(order), "one": order[0]}}
    keys |= {"model.complex.equations": {"equations": lines}} if len(lines) <= 500 else {}
    notes = [words.everywhere(key, **values) for key, values in keys.items()]
    told = {translation.language: translation for translation in file.translations}
    for language in words.languages():
        if language != words.FALLBACK and (language in told or not file.notes):
            own = told.get(language, Translation(language))
            if own.notes or not file.notes:
                told[language] = replace(own, notes=(*own.notes, *(dict(note)[language] for note in notes)))
    english = tuple(dict(note)[words.FALLBACK] for note in notes)
    return replace(made, notes=(*file.notes, *english), translations=tuple(told.values()))
