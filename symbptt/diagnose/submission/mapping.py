"""The mapping table: what the names in somebody's file stand for, where guessing does not do. Read from TOML."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from symbptt.data.values import GROUPS
from symbptt.data.wrt import spelled
from symbptt.diagnose.submission.meaning import Layout, Meaning, checked, fits, one, tokens
from symbptt.errors import BadInput, UnknownName
from symbptt.files import content
from symbptt.model.values import Model, Role

DICTS = (*GROUPS, "cotangents")
LOSSES = ("sum", "mean", "mean over time", "mean over the batch")
_LAYOUT: dict[str, type] = {"axes": str, "layout": str, "bias": str, "list": bool, "classes": bool, "scalars": str}
_TYPES: dict[str, type] = {
    "function": str, "forward": str, "cache": int, **_LAYOUT, "loss": str, "returns": list, "globals": list, "names": dict,
    "T": int, "N": int, "sizes": dict, "wrt": list, "constants": dict, "dtype": str, "library": str, "chunk": int,
}
_WORDS = {str: "a text in quotes", bool: "true or false", int: "a whole number", list: "a list", dict: "a table"}
KEYS = tuple(_TYPES)
LIBRARIES = ("torch", "jax", "numpy")
DTYPES = ("float64", "float32", "bfloat16", "float16")
MAX_BYTES = 64 * 1024


@dataclass(frozen=True)
class Wanted:
    """A layout with what the table leaves open as None."""

    axes: str | None = None
    weights: str | None = None
    bias: str | None = None
    listed: bool | None = None
    classes: bool | None = None
    scalars: str | None = None

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
    wrt: tuple[str, ...] = ()
    """The gradients that are asked for; all that can be expected if empty."""
    dtype: str = ""
    """The precision in which a function of PyTorch or JAX is judged beside double precision."""
    library: str = ""
    chunk: int | None = None
    """The tokens that code takes in one step; None for code that goes step by step."""


def file(path: Path | str, model: Model) -> Table:
    """Read a table. Raises BadInput with the key at fault."""
    place = Path(path)
    text = content(place, MAX_BYTES)
    try:
        data = tomllib.loads(text.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadInput(f"{place}: not TOML: {error}") from None
    return table(data, model, str(place))


def _check(data: Mapping[str, Any], known: tuple[str, ...], place: str) -> None:
    """Raises UnknownName for a key that is not known, BadInput for a value of another type."""
    for key, value in data.items():
        if key not in known:
            raise UnknownName("key", key, known, place)
        _typed(key, value, _TYPES[key], place)


def table(data: Mapping[str, Any], model: Model, place: str = "mapping") -> Table:
    """The table of a dict with the keys of the file."""
    _check(data, KEYS, place)
    if data.get("loss", "sum") not in LOSSES:
        raise UnknownName("loss", str(data["loss"]), LOSSES, place)
    if data.get("dtype", DTYPES[0]) not in DTYPES:
        raise UnknownName("dtype", data["dtype"], DTYPES, place)
    if data.get("library", LIBRARIES[0]) not in LIBRARIES:
        raise UnknownName("library", data["library"], LIBRARIES, place)
    names = {name: _constant(value, f"{place}: [constants] {name}") for name, value in data.get("constants", {}).items()}
    own: dict[str, Wanted] = {}
    for name, value in data.get("names", {}).items():
        here = f"{place}: [names] {name}"
        if isinstance(value, dict):
            own[name] = _wanted({k: v for k, v in value.items() if k not in ("of", "last")}, here, tuple(_LAYOUT), model)
        meaning = _meaning(value, model, here)
        if meaning is not None:
            names[name] = meaning
    return Table(
        place, data.get("function"), data.get("forward"), data.get("cache", -1), _wanted(data, place, KEYS, model),
        data.get("loss", "sum"), _texts(data, "returns", place), _texts(data, "globals", place), names, own,
        _count(data, "T", place), _count(data, "N", place), _sizes(data.get("sizes", {}), model, place),
        asked(_texts(data, "wrt", place), model, f"{place}: wrt"), data.get("dtype", ""), data.get("library", ""),
        _count(data, "chunk", place),
    )


def _constant(value: Any, place: str) -> Meaning:
    if not isinstance(value, (int, float, str)):
        raise BadInput(f"{place}: expected a number, true, false or a text, not {value!r}")
    return Meaning("number", value=value)


def asked(names: Iterable[str], model: Model, place: str) -> tuple[str, ...]:
    """The variables whose gradients are asked for, of a complex one its parts. Raises UnknownName."""
    known = [v.name for v in model.of(Role.PARAMETER, Role.INPUT, Role.STATE)]
    names = spelled(names, known)
    for name in names:
        if name not in known:
            raise UnknownName("gradient", name, known, place)
    return names


def _typed(key: str, value: Any, kind: type, place: str) -> None:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
        raise BadInput(f"{place}: {key}: expected {_WORDS[kind]}, not {value!r}")


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


def _wanted(data: Mapping[str, Any], place: str, known: tuple[str, ...], model: Model) -> Wanted:
    _check(data, known, place)
    made = Wanted(*(data.get(key) for key in _LAYOUT))
    checked(made.over(Layout()), place)
    return made


def _meaning(value: Any, model: Model, place: str) -> Meaning | None:
    """What a value of [names] says; None for a table that has a layout only."""
    if isinstance(value, dict):
        if "last" in value:
            _typed("last", value["last"], bool, place)
        inner = _meaning(value["of"], model, place) if "of" in value else None
        if inner is None:
            return None
        last = value.get("last", _without_steps(value) and inner.kind in ("cotangent", "sequence"))
        return replace(inner, last=bool(last))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Meaning("number", value=value)
    if isinstance(value, str):
        return _word(value, model, place)
    return blocks(value if isinstance(value, list) else [], model, place)


def _without_steps(value: Mapping[str, Any]) -> bool:
    return "axes" in value and "T" not in tokens(value["axes"])


def blocks(rows: Sequence[Any], model: Model, place: str) -> Meaning:
    """Parameters put together, in rows of blocks; a plain list of different shapes is one flat vector of all their entries."""
    made = tuple(tuple(row) if isinstance(row, list) else (row,) for row in rows)
    parameters = {v.name for v in model.of(Role.PARAMETER, Role.BUFFER)}
    for name in (n for row in made for n in row):
        if name not in parameters:
            raise UnknownName("parameter", str(name), parameters, place)
    if not made or len({len(row) for row in made}) != 1 or not made[0]:
        raise BadInput(f'{place}: expected a name, or blocks of parameters such as ["W_xi", "W_xf"] or [["W_hf", "W_xf"]]')
    if not fits(model, Meaning("blocks", made)):
        if min(len(made), len(made[0])) == 1:
            return Meaning("blocks", (tuple(name for row in made for name in row),), flat=True)
        shown = ", ".join(f"{name} ({', '.join(model[name].shape)})" for row in made for name in row)
        raise BadInput(f"{place}: these blocks do not fit together: {shown}; rows below each other need the same columns, blocks "
                       'beside each other the same rows, as (outputs, inputs); weights as (inputs, outputs) are layout = "row"')
    return Meaning("blocks", made)


def _word(text: str, model: Model, place: str) -> Meaning:
    first, _, rest = text.partition(" ")
    if first == "cotangent":
        outputs = {v.name for v in model.outputs}
        if rest not in outputs:
            raise UnknownName("output", rest, outputs, place)
        return one("cotangent", rest)
    if first == "gradient":
        return replace(blocks([rest], model, place), kind="out")
    if first == "result" or text == "cache":
        return Meaning("result", of=int(rest) if rest.isdigit() else rest or None)
    if text in DICTS:
        return Meaning("group", ((text,),))
    if text in ("loss", "ignore"):
        return Meaning(text)
    variables = tuple(v.name for v in model.variables if v.definition is None)
    if text in ("T", "N", *model.dimensions) and text not in variables:
        return one("size", text)
    if text not in variables:
        words = (*variables, *DICTS, "cache", "result", "gradient", "cotangent", "loss", "ignore", "T", "N", *model.dimensions)
        raise UnknownName("value", text, words, place)
    return variable(text, model)


_KINDS = {Role.PARAMETER: "blocks", Role.BUFFER: "blocks", Role.INPUT: "sequence", Role.TARGET: "sequence", Role.STATE: "state"}


def variable(name: str, model: Model) -> Meaning:
    """The meaning of one of the model's own variables."""
    role = model[name].role
    if role not in _KINDS:
        return one("cotangent", name)
    return one(_KINDS[role], name)
