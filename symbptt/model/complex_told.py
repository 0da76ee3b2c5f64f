"""What is said of complex variables: the symbols of their parts, and notes on the pairs and on what the gradients are."""

from __future__ import annotations

from dataclasses import replace

from symbptt import words
from symbptt.model import pair
from symbptt.model.latex import MAX_LATEX
from symbptt.model.model_file import ModelFile, Symbol, Translation


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
