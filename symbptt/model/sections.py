"""From the mapping that TOML gives to a `ModelFile`: known keys only, strings only, sizes bounded."""

import re
from collections.abc import Mapping
from typing import Any

from symbptt.algebra.functions import ACTIVATIONS
from symbptt.errors import BadInput
from symbptt.model import complex_pairs, initialisers, latex, names
from symbptt.model.model_file import ModelFile, Pairs, Symbol, Translation
from symbptt.model.place import Place

MAX_TEXT = 1000
"""The most characters of a title, a reference, a note or a description."""
MAX_ENTRIES = 500
"""The most entries of a section."""
SCHEMA = 1

DECLARATIONS = ("inputs", "states", "parameters", "constants", "targets")
TABLES = (*DECLARATIONS, "equations", "loss", "symbols", "init", "initial", "translations")
KEYS = ("schema", "title", "reference", "notes", "activation", "heads", "freeze", "training", *TABLES)
COMPOSED = {"backward": "two directions of time", "phase": "phases"}
"""Sections of models that `symbptt.compose` reads: each makes several recurrences of one file."""
AT = ("every", "last")
REDUCTIONS = ("sum", "mean")
_KIND = {dict: "a table", list: "a list", bool: "a truth value", int: "an integer", float: "a number", str: "a string"}


def _kind(value: object) -> str:
    return _KIND.get(type(value), "a date or time")


def _string(value: object, place: Place) -> str:
    if not isinstance(value, str):
        raise place.error(f"expected a string, not {_kind(value)}")
    return value


def _line(value: object, place: Place) -> str:
    """One line of prose: it reaches comments of emitted code, so it has no control characters."""
    text = _string(value, place)
    if len(text) > MAX_TEXT:
        raise place.error(f"expected at most {MAX_TEXT} characters, not {len(text)}")
    for column, character in enumerate(text, start=1):
        if not character.isprintable():
            raise place.at(column).error(f"expected one line of printable text, not the character {character!r}")
    return text


def _table(data: Mapping[str, Any], section: str, place: Place) -> Mapping[str, Any]:
    table = data.get(section, {})
    if not isinstance(table, Mapping):
        raise place.within(section).error(f"expected a section [{section}] with one entry per line, not {_kind(table)}")
    if len(table) > MAX_ENTRIES:
        raise place.within(section).error(f"expected at most {MAX_ENTRIES} entries, not {len(table)}")
    return table


def pairs(data: Mapping[str, Any], section: str, place: Place) -> Pairs:
    """A section of names and texts, in file order."""
    table = _table(data, section, place)
    for key in table:
        _string(key, place.within(section, "a key"))
    return tuple((key, _string(value, place.within(section, _shown(key)))) for key, value in table.items())


def _shown(key: str) -> str:
    """A key in a message: as it is, if it is one plain word."""
    return key if re.fullmatch(r"[A-Za-z0-9_.-]{1,40}", key) else repr(key[:40])


def _known(table: Mapping[str, Any], known: tuple[str, ...], kind: str, place: Place) -> None:
    for key in table:
        if key not in known:
            raise place.unknown(kind, key[:40], known)


def _loss(data: Mapping[str, Any], place: Place) -> tuple[str, str, str] | None:
    if "loss" not in data:
        return None
    table = _table(data, "loss", place)
    _known(table, ("step", "at", "reduction"), "key", place.within("loss"))
    if "step" not in table:
        raise place.within("loss").error("expected a key step with the loss of one step, as in step = \"squared_error(o, y)\"")
    at = _string(table.get("at", "every"), place.within("loss", "at"))
    if at not in AT:
        raise place.within("loss", "at").unknown("value", at[:40], AT)
    reduction = _string(table.get("reduction", "sum"), place.within("loss", "reduction"))
    if reduction not in REDUCTIONS:
        raise place.within("loss", "reduction").unknown("value", reduction[:40], REDUCTIONS)
    return _string(table["step"], place.within("loss", "step")), at, reduction


def _languages(table: Mapping[str, Any], place: Place) -> None:
    for language in table:
        if not re.fullmatch(r"[a-z]{2,8}", language):
            raise place.error(f"{language[:40]!r} is not a language code such as en or zh")


def _description(value: object, place: Place) -> Pairs:
    if isinstance(value, Mapping):
        _languages(value, place)
        return tuple((language, _line(text, place)) for language, text in value.items())
    return (("en", _line(value, place)),)


def _symbol(name: str, value: object, place: Place) -> Symbol:
    if not isinstance(value, Mapping):
        raise place.error(f"expected a table with latex or description, not {_kind(value)}")
    _known(value, ("latex", "description"), "key", place)
    snippet = latex.check(_string(value["latex"], place), place) if "latex" in value else None
    return Symbol(name, snippet, _description(value["description"], place) if "description" in value else ())


def _symbols(data: Mapping[str, Any], place: Place) -> tuple[Symbol, ...]:
    table = _table(data, "symbols", place)
    return tuple(_symbol(name, value, place.within("symbols", _shown(name))) for name, value in table.items())


def _init(data: Mapping[str, Any], place: Place) -> Pairs:
    """Initialisers by name; a number is one, too."""
    table = _table(data, "init", place)
    plain = {name: str(value) if type(value) in (int, float) else value for name, value in table.items()}
    found = pairs({"init": plain}, "init", place)
    for name, initialiser in found:
        initialisers.check(initialiser, None, place.within("init", _shown(name)))
    return found


def _notes(data: Mapping[str, Any], place: Place) -> tuple[str, ...]:
    notes = data.get("notes", [])
    if not isinstance(notes, (list, tuple)):
        raise place.error(f"expected a list of strings, not {_kind(notes)}")
    return tuple(_line(note, place) for note in notes[:MAX_ENTRIES])


def _translations(data: Mapping[str, Any], place: Place) -> tuple[Translation, ...]:
    table = _table(data, "translations", place)
    _languages(table, place.within("translations"))
    made: list[Translation] = []
    for language, value in table.items():
        here = place.within("translations", language)
        if not isinstance(value, Mapping):
            raise here.error(f"expected a table with title or notes, not {_kind(value)}")
        _known(value, ("title", "notes"), "key", here)
        made.append(Translation(language, _line(value.get("title", ""), here), _notes(value, here)))
    return tuple(made)


def _activation(data: Mapping[str, Any], place: Place) -> str:
    if "activation" not in data:
        return ""
    here = place.within("", "activation")
    name = _string(data["activation"], here)
    if name not in ACTIVATIONS:
        raise here.unknown("activation", name[:40], ACTIVATIONS)
    return name


def _heads(data: Mapping[str, Any], place: Place) -> str:
    if "heads" not in data:
        return ""
    here = place.within("", "heads")
    return names.check_dimension(_string(data["heads"], here), here)


def _truth(data: Mapping[str, Any], key: str, default: bool, place: Place) -> bool:
    value = data.get(key, default)
    if not isinstance(value, bool):
        raise place.within("", key).error(f"expected true or false, not {_kind(value)}")
    return value


def no_plain_model(place: Place) -> BadInput:
    """What is said of a composed model where one recurrence is expected."""
    known = "show, unroll, derive, document, emit, verify, diagnose, analyze, quiz, assignment, grade, serve and site"
    return place.error(f"a model with two directions or phases, which is not taken here yet; {known} take it")


def model_file(data: Mapping[str, Any], name: str, place: Place) -> ModelFile:
    """Check the form of a model file's content.

    Raises BadInput on an unknown key, a value of the wrong kind, no equations, or a text that is too long.
    """
    for section in COMPOSED:
        if section in data:
            raise no_plain_model(place.within(section))
    _known(data, KEYS, "key or section", place)
    schema = data.get("schema", SCHEMA)
    if isinstance(schema, bool) or schema != SCHEMA:
        raise place.within("", "schema").error(f"this version reads schema {SCHEMA}, not {str(schema)[:40]}")
    declared = {section: pairs(data, section, place) for section in DECLARATIONS}
    equations = pairs(data, "equations", place)
    if not equations:
        raise place.error("expected a section [equations] with at least one equation, as in h = \"tanh(a)\"")
    made = ModelFile(
        name=name,
        title=_line(data.get("title", name), place.within("", "title")),
        reference=_line(data.get("reference", ""), place.within("", "reference")),
        notes=_notes(data, place.within("", "notes")),
        activation=_activation(data, place),
        equations=equations,
        loss=_loss(data, place),
        symbols=_symbols(data, place),
        translations=_translations(data, place),
        init=_init(data, place),
        initial=pairs(data, "initial", place),
        freeze=_truth(data, "freeze", False, place),
        training=_truth(data, "training", True, place),
        heads=_heads(data, place),
        **declared,
    )
    return complex_pairs.written(made, place)
