"""The mapping table: what the names in somebody's file stand for, where guessing does not do. Read from TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from symbptt.diagnose.foreign.meaning import Layout, Meaning, checked, one
from symbptt.errors import BadInput, UnknownName
from symbptt.files import reason
from symbptt.model.values import Model, Role

GROUPS = ("parameters", "inputs", "targets", "states", "cotangents")
LOSSES = ("sum", "mean", "mean over time", "mean over the batch")
_TABLE = ("of", "axes", "layout", "bias", "list", "classes")
_TYPES: dict[str, type | tuple[type, ...]] = {
    "function": str, "forward": str, "cache": int, "axes": str, "layout": str, "bias": str, "list": bool, "classes": bool,
    "loss": str, "returns": list, "globals": list, "names": dict, "T": int, "N": int,
    "sizes": dict,
}
KEYS = tuple(_TYPES)
MAX_BYTES = 64 * 1024


@dataclass(frozen=True)
class Wanted:
    """A layout with what the table leaves open as None."""

    axes: str | None = None
    weights: str | None = None
    bias: str | None = None
    listed: bool | None = None
    classes: bool | None = None

    def over(self, other: Layout) -> Layout:
        """The other layout with what is said here."""
        said = {name: value for name, value in vars(self).items() if value is not None}
        return replace(other, **said)


@dataclass(frozen=True)
class Table:
    """The table. `names` are the meanings by their name; `own` the layout of a name that has one of its own."""

    place: str = "mapping"
    function: str | None = None
    forward: str | None = None
    cache: int | None = -1
    layout: Wanted = Wanted()
    loss: str = "sum"
    returns: tuple[str, ...] = ()
    module_names: tuple[str, ...] = ()
    names: Mapping[str, Meaning] = field(default_factory=dict)
    own: Mapping[str, Wanted] = field(default_factory=dict)
    T: int | None = None
    N: int | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)


def file(path: Path | str, model: Model) -> Table:
    """Read a table. Raises BadInput with the key at fault."""
    place = Path(path)
    try:
        content = place.read_bytes()
    except OSError as error:
        raise BadInput(f"{place}: cannot be read: {reason(error)}") from None
    if len(content) > MAX_BYTES:
        raise BadInput(f"{place}: larger than {MAX_BYTES // 1024} KiB")
    try:
        data = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadInput(f"{place}: not TOML: {error}") from None
    return table(data, model, str(place))


def table(data: Mapping[str, Any], model: Model, place: str = "mapping") -> Table:
    """The table of a dict with the keys of the file."""
    for key, value in data.items():
        if key not in KEYS:
            raise UnknownName("key", key, KEYS, place)
        if not isinstance(value, _TYPES[key]) or (isinstance(value, bool) and _TYPES[key] is int):
            raise BadInput(f"{place}: {key}: expected {_TYPES[key]}, not {value!r}")
    if data.get("loss", "sum") not in LOSSES:
        raise UnknownName("loss", str(data["loss"]), LOSSES, place)
    names: dict[str, Meaning] = {}
    own: dict[str, Wanted] = {}
    for name, value in data.get("names", {}).items():
        here = f"{place}: [names] {name}"
        if isinstance(value, dict):
            own[name] = _wanted(value, here, _TABLE)
            value = value.get("of")
        names[name] = _meaning(value, model, here)
    return Table(
        place, data.get("function"), data.get("forward"), data.get("cache", -1), _wanted(data, place, KEYS),
        data.get("loss", "sum"), _texts(data, "returns", place), _texts(data, "globals", place), names, own,
        _count(data, "T", place), _count(data, "N", place), _sizes(data.get("sizes", {}), model, place),
    )


def _texts(data: Mapping[str, Any], key: str, place: str) -> tuple[str, ...]:
    found = data.get(key, [])
    if not all(isinstance(item, str) for item in found):
        raise BadInput(f"{place}: {key}: expected a list of names")
    return tuple(found)


def _count(data: Mapping[str, Any], key: str, place: str) -> int | None:
    found = data.get(key)
    if found is not None and (not isinstance(found, int) or isinstance(found, bool) or not 1 <= found <= 50):
        raise BadInput(f"{place}: {key} is a whole number between 1 and 50, not {found!r}")
    return found


def _sizes(sizes: Mapping[str, Any], model: Model, place: str) -> dict[str, int]:
    for name in sizes:
        if name not in model.dimensions:
            raise UnknownName("dimension", name, model.dimensions, f"{place}: [sizes]")
    return {name: _count(sizes, name, f"{place}: [sizes]") or 1 for name in sizes}


def _wanted(data: Mapping[str, Any], place: str, known: tuple[str, ...]) -> Wanted:
    for key in data:
        if key not in known:
            raise UnknownName("key", key, known, place)
    made = Wanted(data.get("axes"), data.get("layout"), data.get("bias"), data.get("list"), data.get("classes"))
    checked(made.over(Layout()), place)
    return made


def _meaning(value: Any, model: Model, place: str) -> Meaning:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Meaning("number", value=value)
    if isinstance(value, str):
        return _word(value, model, place)
    rows = tuple(tuple(row) if isinstance(row, list) else (row,) for row in value) if isinstance(value, list) else ()
    parameters = {v.name for v in model.parameters}
    for name in (n for row in rows for n in row):
        if name not in parameters:
            raise UnknownName("parameter", str(name), parameters, place)
    if not rows or len({len(row) for row in rows}) != 1 or not rows[0]:
        raise BadInput(f'{place}: expected a name, or blocks of parameters such as ["W_xi", "W_xf"] or [["W_hf", "W_xf"]]')
    return Meaning("blocks", rows)


def _word(text: str, model: Model, place: str) -> Meaning:
    first, _, rest = text.partition(" ")
    if first == "cotangent":
        outputs = {v.name for v in model.outputs}
        if rest not in outputs:
            raise UnknownName("output", rest, outputs, place)
        return one("cotangent", rest)
    if text in GROUPS:
        return Meaning("group", ((text,),))
    if text in ("cache", "loss", "ignore"):
        return Meaning(text)
    if text in ("T", "N", *model.dimensions):
        return one("size", text)
    if text not in {v.name for v in model.variables if v.definition is None}:
        words = (*(v.name for v in model.variables if v.definition is None), *GROUPS, "cache", "loss", "ignore", "T", "N")
        raise UnknownName("value", text, words, place)
    return variable(text, model)


_KINDS = {Role.PARAMETER: "blocks", Role.INPUT: "sequence", Role.TARGET: "sequence", Role.STATE: "state"}


def variable(name: str, model: Model) -> Meaning:
    """The meaning of one of the model's own variables."""
    role = model[name].role
    if role not in _KINDS:
        return one("cotangent", name)
    return one(_KINDS[role], name)
