"""Partial credit: what a gradient is worth, and what is left of it for each cause. A TOML table that the teacher edits."""

import math
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from symbptt.errors import BadInput, UnknownName
from symbptt.files import content
from symbptt.mistakes import catalogue

PLAIN = Path(__file__).with_name("credit.toml")
"""The table that holds where none is given, with a comment on each key."""
_SHARES = ("scaled", "other", "unknown")
_MAX_BYTES = 64 * 1024


@dataclass(frozen=True)
class Credit:
    """`each` is what a gradient is worth unless `points` names it; the others are shares of that, from 0 to 1."""

    each: float
    scaled: float
    other: float
    unknown: float
    points: Mapping[str, float] = field(default_factory=dict)
    causes: Mapping[str, float] = field(default_factory=dict)

    def of(self, gradient: str) -> float:
        """The points of a right gradient."""
        return self.points.get(gradient, self.each)

    def cause(self, name: str) -> float:
        """The share that is left for a cause."""
        return self.causes.get(name, self.other)

    def share(self, causes: Collection[str]) -> float:
        """The share that is left where causes act together; without any, where none is known."""
        return math.prod(map(self.cause, causes)) if causes else self.unknown


def credit(path: Path | str | None = None, gradients: Sequence[str] = ()) -> Credit:
    """The table of a file, over the plain one; `gradients` are those that it may name.

    Raises BadInput with the key at fault, UnknownName for a cause or gradient that does not exist.
    """
    return from_text(_content(Path(path)), str(path), gradients) if path is not None else _plain()


def from_text(text: str, path: str, gradients: Sequence[str] = ()) -> Credit:
    """The table of a file's text; `path` names the file in messages. Errors as of `credit`."""
    return _read(text, path, gradients, _plain())


@cache
def _plain() -> Credit:
    return _read(PLAIN.read_text(encoding="utf-8"), str(PLAIN), (), None)


def _read(text: str, path: str, gradients: Sequence[str], under: Credit | None) -> Credit:
    data = _data(text, path)
    numbers = ("each", *_SHARES)
    for key in data:
        if key not in (*numbers, "points", "causes"):
            raise UnknownName("key", key, (*numbers, "points", "causes"), path)
    said = {key: _number(data[key], f"{path}: {key}", key in _SHARES) for key in numbers if key in data}
    causes = _table(data, "causes", path, [mistake.name for mistake in catalogue()], True)
    points = _table(data, "points", path, gradients, False)
    if under is None:
        return Credit(**said, points=points, causes=causes)
    return replace(under, **said, points={**under.points, **points}, causes={**under.causes, **causes})


def _content(path: Path) -> str:
    try:
        return content(path, _MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8: byte {error.start + 1} cannot be decoded") from None


def _data(text: str, path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise BadInput(f"{path}: not TOML: {error}") from None


def _table(data: Mapping[str, Any], key: str, path: str, known: Collection[str], share: bool) -> dict[str, float]:
    given = data.get(key, {})
    if not isinstance(given, dict):
        raise BadInput(f"{path}: [{key}] must be a table of numbers by name")
    for name in given:
        if name not in known:
            raise UnknownName(key.removesuffix("s") if share else "gradient", name, known, f"{path}: [{key}]")
    return {name: _number(value, f"{path}: [{key}] {name}", share) for name, value in given.items()}


def _number(value: Any, place: str, share: bool) -> float:
    plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not plain or not 0 <= value <= (1 if share else 1e6):
        raise BadInput(f"{place}: expected {'a share from 0 to 1' if share else 'points from 0 to 1000000'}, not {value!r}")
    return float(value)
