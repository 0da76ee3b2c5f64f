"""Stacked cells: a model file with the equations of its cell once more for each further layer.

A further layer has the cell's equations with suffixed names and reads the state below in place of the input; the read-out and the
loss read the top layer.
"""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from symbptt import words
from symbptt.checks import whole
from symbptt.model.cell import Cell, cell_of
from symbptt.model.model_file import ModelFile, Pairs, Symbol, Translation
from symbptt.model.place import Place
from symbptt.model.shapes import axes_of
from symbptt.model.syntax import Parsed

MAX_LAYERS = 16
_SUFFIXES = ("_l{}", "_layer{}", "_copy{}")


def _stack(title: str, names: Mapping[str, str], language: str = words.FALLBACK) -> tuple[str, str]:
    """The title and the note of a stack."""
    table = words.table(language)
    return words.filled(table["model.stack.title"], {"title": title, **names}), words.filled(table["model.stack.note"], names)


def _translated(file: ModelFile, names: Mapping[str, str]) -> tuple[Translation, ...]:
    """The title and the notes of the stack, in the languages in which those of the cell are known."""
    told = {translation.language: translation for translation in file.translations}
    made: list[Translation] = []
    for language in words.languages():
        own = told.get(language, Translation(language))
        title = own.title or words.phrase(file.title, language)
        if title and language != words.FALLBACK:
            notes = own.notes or tuple(words.phrase(note, language) or note for note in file.notes)
            title, note = _stack(title, names, language)
            made.append(Translation(language, title, (*notes, note)))
    return tuple(made)


def _suffix(cell: Cell, layers: int, place: Place) -> str:
    """A suffix that makes no name of the model."""
    taken = {v.name for v in cell.model.variables} | set(cell.model.dimensions)
    for suffix in _SUFFIXES:
        if not any(name + suffix.format(layer) in taken for name in cell.names for layer in range(2, layers + 1)):
            return suffix
    raise place.error(f"the names {cell.names[0]}{_SUFFIXES[0].format(2)} and the like of further layers are taken; rename yours")


def _renamed(parsed: Parsed, names: Mapping[str, str]) -> str:
    """The text of an expression with other names for its variables and dimensions."""
    text = parsed.text
    found = [node for node in ast.walk(parsed.tree) if isinstance(node, ast.Name) and node.id in names]
    for node in sorted(found, key=lambda node: node.col_offset, reverse=True):
        text = text[: node.col_offset] + names[node.id] + text[node.end_col_offset :]
    return text


def _reshaped(shape: str, sizes: Mapping[str, str]) -> str:
    return " ".join("+".join(sizes.get(term, term) for term in axis.split("+")) for axis in axes_of(shape))


def _symbol(symbol: Symbol, name: str, layer: int) -> Symbol:
    """The symbol of a further layer; a description in a language without tables tells the number of its layer alone."""
    bare = "{text} ({layer})"
    patterns = {language: words.table(language)["model.layer"] for language in words.languages()}
    described = (
        (language, words.filled(patterns.get(language, bare), {"text": text, "layer": str(layer)}))
        for language, text in words.known(symbol.description)
    )
    return Symbol(name, None, tuple(described))


def _last(pairs: Pairs, names: Iterable[str]) -> int:
    """The position after the last of some names."""
    return max((at for at, (name, _) in enumerate(pairs, start=1) if name in names), default=0)


@dataclass(frozen=True)
class _Copy:
    """One further layer: its number and its names for those of the cell."""

    cell: Cell
    layer: int
    names: Mapping[str, str]
    below: str

    def declared(self, pairs: Pairs) -> Pairs:
        """Its states or parameters."""
        return tuple((self.names[name], _reshaped(shape, self.cell.sizes)) for name, shape in pairs if name in self.names)

    def equations(self) -> Pairs:
        """Its equations."""
        sizes = {name: f"({size})" if "+" in size else size for name, size in self.cell.sizes.items()}
        names = {**sizes, **self.names, self.cell.bottom.name: self.below}
        return tuple((self.names[target], _renamed(self.cell.sides[target], names)) for target in self.cell.equations)

    def named(self, pairs: Pairs) -> Pairs:
        """Its initialisers or initial states."""
        return tuple((self.names[name], self.names.get(text, text)) for name, text in pairs if name in self.names)

    def symbols(self, symbols: tuple[Symbol, ...]) -> tuple[Symbol, ...]:
        """Its symbols."""
        return tuple(_symbol(s, self.names[s.name], self.layer) for s in symbols if s.name in self.names)


def _copies(cell: Cell, layers: int, place: Place) -> tuple[_Copy, ...]:
    suffix = _suffix(cell, layers, place)
    made: list[_Copy] = []
    below = cell.top.name
    for layer in range(2, layers + 1):
        names = {name: name + suffix.format(layer) for name in cell.names}
        made.append(_Copy(cell, layer, names, below))
        below = names[cell.top.name]
    return tuple(made)


def stacked(file: ModelFile, layers: int, place: Place) -> ModelFile:
    """The file with `layers` layers of its cell; raises BadInput where it has no cell or the layers do not fit."""
    if whole(layers, 1, MAX_LAYERS) is None:
        raise place.error(f"layers: expected a whole number between 1 and {MAX_LAYERS}, not {layers!r}")
    if layers == 1:
        return file
    cell = cell_of(file, place)
    copies = _copies(cell, layers, place)
    highest = {name: copies[-1].names[name] for name in cell.equations}
    top = copies[-1].names[cell.top.name]
    at = _last(file.parameters, cell.parameters)
    readout = tuple((name, _renamed(parsed, highest)) for name, parsed in cell.sides.items() if name not in cell.equations)
    first = tuple((name, text) for name, text in file.equations if name in cell.equations)
    names = {"layers": str(layers), "above": cell.top.name, "below": cell.bottom.name, "top": top}
    title, note = _stack(file.title, names)
    return replace(
        file,
        title=title,
        notes=(*file.notes, note),
        translations=_translated(file, names),
        states=file.states + sum((copy.declared(file.states) for copy in copies), ()),
        parameters=(
            file.parameters[:at] + sum((copy.declared(file.parameters) for copy in copies), ()) + file.parameters[at:]
        ),
        equations=first + sum((copy.equations() for copy in copies), ()) + readout,
        loss=(_renamed(cell.loss, highest), *file.loss[1:]) if cell.loss and file.loss else None,
        symbols=file.symbols + sum((copy.symbols(file.symbols) for copy in copies), ()),
        init=file.init + sum((copy.named(file.init) for copy in copies), ()),
        initial=file.initial + sum((copy.named(file.initial) for copy in copies), ()),
    )
