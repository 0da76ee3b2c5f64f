"""Notations as data: a TOML file each, in `templates/notations/`; adding one is adding a file.

    source = {en = "…", zh = "…"}       # who writes so; optional, as are all entries
    note = {en = "…", zh = "…"}         # what a reader should know
    [writing]                           # the entries of `Notation` that are words: time = "superscript", bold = false, …
    [roles]                             # symbols by the part that a variable plays: state = 'S', recurrent_weights = 'W'
    [names]                             # symbols by a variable's name
    [names.lstm]                        # for one model alone
    [functions]                         # labels of functions
"""

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from symbptt import resources
from symbptt.errors import BadInput, UnknownName
from symbptt.typeset.notation import TEXTBOOK, Notation, Pairs

SUFFIX = ".toml"
LARGEST = 20_000
"""The most bytes of a file."""
_TABLES = ("writing", "roles", "names", "functions")
_WRITING = {f.name: type(f.default) for f in fields(Notation) if isinstance(f.default, (str, bool))}


def names() -> tuple[str, ...]:
    """The notations that are known by name, sorted: those of the package, and those of installed packages."""
    return tuple(resources.notations())


def _table(data: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    table = data.get(section, {})
    if not isinstance(table, Mapping):
        raise BadInput(f"{section}: expected a table")
    return table


def _text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise BadInput(f"{place}: expected a string, not {value!r}"[:200])
    return value


def _pairs(data: Mapping[str, Any], section: str) -> Pairs:
    """A table of strings; a table inside it has the names of one model, put in front as "model.name"."""
    made: list[tuple[str, str]] = []
    for key, value in _table(data, section).items():
        inner = {f"{key}.{name}": text for name, text in value.items()} if isinstance(value, Mapping) else {key: value}
        made += [(name, _text(text, f"[{section}] {name}")) for name, text in inner.items()]
    return tuple(made)


def _spoken(data: Mapping[str, Any], section: str) -> Pairs:
    """A text by language."""
    return tuple((language, _text(text, f"{section}.{language}")) for language, text in _table(data, section).items())


def _writing(data: Mapping[str, Any]) -> dict[str, Any]:
    table = dict(_table(data, "writing"))
    for key, value in table.items():
        if key not in _WRITING:
            raise UnknownName("entry of [writing]", key, _WRITING)
        if not isinstance(value, _WRITING[key]):
            raise BadInput(f"[writing] {key}: expected {'true or false' if _WRITING[key] is bool else 'a string'}")
    return table


def read(text: str) -> Notation:
    """The notation of a file's text. Raises BadInput, which names the entry."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"not TOML: {error}") from None
    for key in data:
        if key not in (*_TABLES, "source", "note"):
            raise UnknownName("section", key, (*_TABLES, "source", "note"))
    functions = dict(TEXTBOOK.functions) | dict(_pairs(data, "functions"))
    return Notation(
        **_writing(data), names=_pairs(data, "names"), roles=_pairs(data, "roles"), functions=tuple(functions.items()),
        source=_spoken(data, "source"), note=_spoken(data, "note"),
    )


def _content(file: Path | Traversable) -> str:
    content = file.read_bytes()
    if len(content) > LARGEST:
        raise BadInput(f"expected at most {LARGEST} bytes")
    return content.decode("utf-8")


def load(name: str) -> Notation:
    """A notation of the package by its name, or of one's own by the path of its file, which ends in .toml.

    Raises UnknownName for another name, BadInput for a file that cannot be used, with its path and the entry.
    """
    own = name.endswith(SUFFIX)
    if not own and name not in names():
        raise UnknownName("notation", name, names())
    try:
        return read(_content(Path(name) if own else resources.notations()[name]))
    except (BadInput, UnicodeDecodeError) as error:
        raise BadInput(f"notation {name}: {error}") from None
    except OSError as error:
        raise BadInput(f"notation {name}: {error.strerror or error}") from None
