"""What the author of a document adds: words, paragraphs and exercises from a TOML file, which is read and never executed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symbptt.checks import whole
from symbptt.document.authored import ADDRESS, authored
from symbptt.document.bibliography import METHOD, Source
from symbptt.errors import BadInput, UnknownName
from symbptt.narrative.inline import Prose


@dataclass(frozen=True)
class OwnExercise:
    """An exercise of the author's."""

    question: Prose
    hint: Prose = ()
    solution: Prose = ()
    room: int = 6


@dataclass(frozen=True)
class OwnPart:
    """Paragraphs before and after a part, or the part left out."""

    before: tuple[Prose, ...] = ()
    after: tuple[Prose, ...] = ()
    skip: bool = False


@dataclass(frozen=True)
class Customization:
    """A file of the author's: title and byline, words by key, additions by part, exercises.

    `only` are the parts that are kept, all of them if it is empty; those of `order` come in that order, in the places that they
    have. `sources` are those of the author, beside those of the package. `generated` is the number of exercises that are drawn,
    None for as many as there are kinds.
    """

    title: str = ""
    author: str = ""
    course: str = ""
    words: tuple[tuple[str, str], ...] = ()
    parts: tuple[tuple[str, OwnPart], ...] = ()
    exercises: tuple[OwnExercise, ...] = ()
    only: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    generated: int | None = None

    def part(self, name: str) -> OwnPart:
        """What is added to a part."""
        return dict(self.parts).get(name, OwnPart())

    def named(self) -> tuple[str, ...]:
        """Every part that the file names."""
        return (*(name for name, _ in self.parts), *self.only, *self.order)

    def arranged(self, names: Sequence[str]) -> list[str]:
        """The names of parts that are kept, in the author's order."""
        kept = [name for name in names if not self.only or name in self.only]
        wanted = iter([name for name in dict.fromkeys(self.order) if name in kept])
        return [next(wanted) if name in self.order else name for name in kept]


NOTHING = Customization()
_TEXTS = ("title", "author", "course")


@dataclass(frozen=True)
class _Place:
    """Where in the file something stands, for complaints."""

    file: str
    key: str = ""

    def at(self, key: str) -> _Place:
        return _Place(self.file, f"{self.key}.{key}" if self.key else key)

    def refuse(self, expected: str) -> BadInput:
        return BadInput(f"{self.file}, {self.key}: expected {expected}")


def _text(value: Any, place: _Place) -> str:
    if not isinstance(value, str):
        raise place.refuse("a text in quotes")
    return value


def _texts(value: Any, place: _Place) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list):
        raise place.refuse("a text, or a list of texts")
    return tuple(_text(item, place) for item in value)


def _count(value: Any, place: _Place) -> int:
    if whole(value, 0, 60) is None:
        raise place.refuse("a whole number from 0 to 60")
    return value


def _flag(value: Any, place: _Place) -> bool:
    if not isinstance(value, bool):
        raise place.refuse("true or false")
    return value


def _table(value: Any, place: _Place) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise place.refuse("a table")
    return value


def _known(given: Mapping[str, Any], names: tuple[str, ...], place: _Place) -> None:
    for name in given:
        if name not in names:
            raise UnknownName("key", name, names, f"{place.file}, {place.key}" if place.key else place.file)


def _prose(value: Any, place: _Place, sources: Mapping[str, Source]) -> Prose:
    return authored(_text(value, place), sources, f"{place.file}, {place.key}")


def _source(key: str, value: Any, place: _Place) -> Source:
    given = _table(value, place)
    _known(given, ("called", "text", "url"), place)
    called, text, url = (_text(given.get(name, ""), place.at(name)) for name in ("called", "text", "url"))
    if not text:
        raise place.at("text").refuse("what the references say")
    if url and not ADDRESS.fullmatch(url):
        raise place.at("url").refuse("an address that begins with https:// or http://")
    return Source(key, called or key, text, url)


def _part(value: Any, place: _Place, sources: Mapping[str, Source]) -> OwnPart:
    given = _table(value, place)
    _known(given, ("before", "after", "skip"), place)
    before, after = (
        tuple(_prose(text, place.at(name), sources) for text in _texts(given.get(name, []), place.at(name)))
        for name in ("before", "after")
    )
    return OwnPart(before, after, _flag(given.get("skip", False), place.at("skip")))


def _exercise(value: Any, place: _Place, sources: Mapping[str, Source]) -> OwnExercise:
    given = _table(value, place)
    _known(given, ("question", "hint", "solution", "room"), place)
    if "question" not in given:
        raise place.refuse("a question")
    question, hint, solution = (_prose(given.get(name, ""), place.at(name), sources) for name in ("question", "hint", "solution"))
    return OwnExercise(question, hint, solution, _count(given.get("room", 6), place.at("room")))


def _words(value: Any, place: _Place) -> tuple[tuple[str, str], ...]:
    return tuple((key, _text(text, place.at(key))) for key, text in _table(value, place).items())


def read(path: Path) -> Customization:
    """The file at `path`; raises BadInput, naming file and key, for what cannot be accepted."""
    place = _Place(str(path))
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path}: no TOML: {error}") from error
    _known(given, (*_TEXTS, "words", "parts", "exercises", "generated", "only", "order", "references"), place)
    exercises = given.get("exercises", [])
    if not isinstance(exercises, list):
        raise place.at("exercises").refuse("tables [[exercises]]")
    parts = _table(given.get("parts", {}), place.at("parts"))
    cited = _table(given.get("references", {}), place.at("references"))
    own = tuple(_source(key, value, place.at("references").at(key)) for key, value in cited.items())
    sources = {source.key: source for source in (*METHOD, *own)}
    only, order = (_texts(given.get(name, []), place.at(name)) for name in ("only", "order"))
    return Customization(
        **{name: _text(given.get(name, ""), place.at(name)) for name in _TEXTS},
        words=_words(given.get("words", {}), place.at("words")),
        parts=tuple((name, _part(value, place.at("parts").at(name), sources)) for name, value in parts.items()),
        exercises=tuple(_exercise(value, place.at(f"exercises[{i}]"), sources) for i, value in enumerate(exercises, 1)),
        only=only, order=order, sources=own,
        generated=_count(given["generated"], place.at("generated")) if "generated" in given else None,
    )
