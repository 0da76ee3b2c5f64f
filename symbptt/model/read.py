"""Read a model: a built-in by name, or a TOML file by path. Files are bounded, decoded strictly, and never executed."""

import re
import stat
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from symbptt import resources
from symbptt.checks import expected
from symbptt.errors import BadInput, UnknownName
from symbptt.model import sections, swap
from symbptt.model.compile import compiled
from symbptt.model.layers import stacked
from symbptt.model.model_file import ModelFile, write
from symbptt.model.place import Place
from symbptt.model.values import Model

MAX_BYTES = 64 * 1024
"""The largest model file."""
MAX_DOTS = 200
"""The most dots on a line: the reader of TOML needs quadratic time for a key with very many."""


def names() -> tuple[str, ...]:
    """The models that are known by name, sorted: the built-in ones, and those of installed packages."""
    return resources.model_names()


def content(text: str, place: Place) -> dict[str, Any]:
    """What TOML gives; raises BadInput on anything else."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") > MAX_DOTS:
            raise place.error(f"line {number} has more than {MAX_DOTS} dots")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason = str(error)
        what = "something is defined twice" if "overwrite" in reason or "twice" in reason else "not TOML"
        keys = (line.partition("=")[0].strip() for line in text.splitlines())
        if foreign := next((key for key in keys if key.isidentifier() and not key.isascii()), ""):
            what = f"{foreign!r} cannot be a name: write it in ASCII letters, and how it looks under [symbols]; {what}"
        raise _at_line(place.error(f"{what}: {reason}"), place, reason) from None
    except (ValueError, RecursionError):
        raise place.error("not TOML that symbptt reads: a number is too long or brackets are nested too deep") from None


def _at_line(error: BadInput, place: Place, reason: str) -> BadInput:
    """The error with the line and the column, which the reader of TOML has only in its words before Python 3.14."""
    if found := re.search(r"\(at line (\d+), column (\d+)\)$", reason):
        error.place = replace(place, line=int(found[1]), column=int(found[2]))
    return error


def parsed(text: str, name: str, place: Place) -> ModelFile:
    """A model file's text as a value; raises BadInput on anything but a small TOML file with the known sections."""
    if not text.strip():
        raise place.error("the file is empty; expected at least [equations]")
    return sections.model_file(content(text, place), name, place)


def from_text(text: str, place: str, name: str = "") -> Model:
    """The model of a file's text; `place` names the file in messages. Raises BadInput."""
    here = Place(place)
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise here.error(f"the file is larger than {MAX_BYTES // 1024} KiB")
    return compiled(parsed(text, name or _stem(place), here), here, text)


def _stem(path: str) -> str:
    """A model's name from its file's: it reaches documents and code, so other characters become underscores."""
    stem = Path(path).stem
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in stem) [:64] or "model"


def _file_text(path: Path) -> str:
    place = Place(str(path))
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise place.error("is a directory; expected a model file")
        if not stat.S_ISREG(mode):
            raise place.error("is no regular file; expected a model file")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise place.error("no such file") from None
    except (OSError, ValueError) as error:
        raise place.error(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > MAX_BYTES:
        raise place.error(f"the file is larger than {MAX_BYTES // 1024} KiB")
    try:
        return content.decode("utf-8-sig")  # some editors put a mark in front
    except UnicodeDecodeError as error:
        raise place.error(f"not UTF-8: byte {error.start + 1} cannot be decoded") from None


def is_path(source: str) -> bool:
    """Whether a text means a file rather than a name."""
    return source.endswith(".toml") or "/" in source or "\\" in source


def file(source: str | Path) -> tuple[str, str, str]:
    """The text, the place and the name of a model in a file."""
    path = Path(source)
    return _file_text(path), str(path), _stem(str(path))


def _text(source: str | Path | Model) -> tuple[str, str, str]:
    """The text, the place and the name of a model."""
    if isinstance(source, Model):
        if not source.text:
            raise BadInput(f"the model {source.name} has no text to change; make it with symbptt.model.define.model")
        return source.text, source.name, source.name
    if not isinstance(source, Path):
        expected(source, str, "a model, its name or the path of its file")
    if isinstance(source, Path) or is_path(source):
        return file(source)
    if source in resources.composed_models():
        raise sections.no_plain_model(Place(source))
    if source not in names():
        raise UnknownName("model", source, names())
    return resources.models()[source].read_text("utf-8"), f"{source}.toml", source


def load(
    source: str | Path | Model,
    *,
    loss: str | None = None,
    activation: str | None = None,
    layers: int | None = None,
    freeze: bool | None = None,
    training: bool | None = None,
) -> Model:
    """A model by built-in name, by the path of a .toml file, or as it is; optionally changed.

    `activation` swaps the function that the file's equations call activation(...). `layers` repeats the cell, each layer on the
    state of the one below. `loss` is one of softmax_cross_entropy, squared_error, mse, binary_cross_entropy, huber and none; it
    reads the output that the present loss reads, else the last left side, and a target y of that shape. With "cotangents" it
    is the sum of every output times a given cotangent, whose gradient is the vector-Jacobian product. `freeze` adds an input
    mask (T, N): a step that is 0 in it keeps the states and has no loss. With `training=False` every batch_norm uses moving
    averages, which are given with the parameters.
    Raises BadInput with the place of the first fault, UnknownName for a name.
    """
    if isinstance(source, Model) and all(option is None for option in (loss, activation, layers, freeze, training)):
        return source
    before = source.options if isinstance(source, Model) else ""
    text, where, name = _text(source)
    place = Place(where)
    asked = original = parsed(text, name, place)
    if activation is not None:
        asked = swap.with_activation(asked, activation, place)
    if layers is not None:
        asked = stacked(asked, layers, place)
    if loss is not None:
        asked = swap.with_loss(asked, loss, place)
    asked = swap.with_flags(asked, freeze, training)
    if asked == original:
        return replace(compiled(asked, place, text), options=before)
    changed = write(asked)
    if len(changed.encode()) > MAX_BYTES:
        raise place.error(f"the model so changed has more than {MAX_BYTES // 1024} KiB as a file")
    return replace(compiled(asked, place, changed), options=options(before, loss, activation, layers, freeze, training))


def differentiable(model: Model) -> Model:
    """A model as it is if it has a loss, else with the loss "cotangents"."""
    return load(model, loss=swap.COTANGENTS) if model.loss is None else model


def options(before: str, *given: str | int | bool | None) -> str:
    """The options of the command line for these changes, behind those of changes made before."""
    names = ("--loss {}", "--activation {}", "--layers {}", "--freeze", "--inference")
    plain = (value is not None and value is not False for value in given[:4])
    made = [name.format(value) for name, value, there in zip(names, given, (*plain, given[4] is False), strict=True) if there]
    return " ".join([*([before] if before else []), *made])
