"""Phases that are files of their own, [phase.encoder] file = "encoder.toml", put into the one file that the model becomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symbptt.model import read
from symbptt.model.model_file import quoted
from symbptt.model.place import Place

KEY = "file"
BESIDE = ("steps", "memory", "initial")
"""What a phase has beside its file: what links it with the others."""
_TOLD = ("schema", "title", "reference", "notes", "translations")
"""What the whole model says of itself."""


@dataclass(frozen=True)
class PhaseFile:
    """The file of a phase, as messages call it, and the places in it of what stands beside it in the model's file."""

    path: str
    beside: frozenset[tuple[str, str]]


def joined(
    data: Mapping[str, Any], section: str, place: Place, folder: Path | None
) -> tuple[dict[str, Any], dict[str, PhaseFile]]:
    """A model's content with the files of its phases in their place, and these; `folder` is the model's own or None.

    Raises BadInput for a path that leads out of the folder, a file that cannot be read, keys that belong into the file, and what
    both say and differ in.
    """
    phases = data.get(section)
    if not isinstance(phases, Mapping):
        return dict(data), {}
    made, files = dict[str, Any](), dict[str, PhaseFile]()
    for name, own in phases.items():
        if isinstance(own, Mapping) and KEY in own:
            made[name], files[name] = _phase(own, place.within(f"{section}.{name}"[:60]), folder)
        else:
            made[name] = own
    return {**data, section: made}, files


def _phase(own: Mapping[str, Any], place: Place, folder: Path | None) -> tuple[dict[str, Any], PhaseFile]:
    path = _inside(own[KEY], folder, place)
    if extra := [key for key in own if key not in (KEY, *BESIDE)]:
        raise place.error(f"{extra[0][:40]} belongs into {own[KEY]}; beside {KEY} a phase has {', '.join(BESIDE)}")
    text, where, _ = read.file(path)
    content = {key: value for key, value in read.content(text, Place(where)).items() if key not in _TOLD}
    beside = set[tuple[str, str]]()
    for section in BESIDE:
        if section not in own:
            continue
        entries = own[section] if isinstance(own[section], Mapping) else {"": own[section]}
        for key, value in entries.items():
            here = (section, key) if key else ("", section)
            before = content.get(section) if not key else content[section].get(key) if section in content else None
            if before not in (None, value):
                first, second = place.within(f"{place.section}.{section}" if key else place.section, key or section), Place(where)
                what = f"{quoted(str(value)[:60])} here and {quoted(str(before)[:60])} in {second.within(*here)}"
                raise first.error(f"{what}; expected one of them")
            beside.add(here)
        if isinstance(own[section], Mapping):
            content[section] = {**content.get(section, {}), **own[section]}
        else:
            content[section] = own[section]
    return content, PhaseFile(where, frozenset(beside))


def _inside(path: object, folder: Path | None, place: Place) -> Path:
    """The file that a phase names, which lies in the model's folder or below."""
    if folder is None:
        raise place.error(f"{KEY} = ... is for models that are files themselves; expected the phase's sections here")
    if isinstance(path, str) and path.endswith(".toml") and "\0" not in path:
        try:
            if (folder / path).resolve().is_relative_to(folder.resolve()):
                return folder / path
        except (OSError, RuntimeError):  # a loop of links
            pass
    raise place.error(f"expected the path of a model file in the folder of this one, as in {KEY} = \"encoder.toml\"")


def written(data: Mapping[str, Any]) -> str:
    """Content as TOML: reading it gives the same."""
    return "\n".join([*_lines(data, ()), ""])


def _lines(data: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    plain = {key: value for key, value in data.items() if not isinstance(value, Mapping)}
    lines = ["", f"[{'.'.join(map(_key, names))}]"] if names and (plain or not data) else []
    lines += [f"{_key(key)} = {_value(value)}" for key, value in plain.items()]
    return lines + [line for key, value in data.items() if isinstance(value, Mapping) for line in _lines(value, (*names, key))]


def _key(key: str) -> str:
    return key if key.isascii() and key.replace("_", "a").replace("-", "a").isalnum() else quoted(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return str(value) if isinstance(value, (int, float)) else quoted(str(value))
