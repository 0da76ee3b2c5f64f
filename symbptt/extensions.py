"""What installed packages add, by entry points: functions, losses, models, notations, targets (docs/extending.md)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from symbptt.errors import BadInput
from symbptt.guard.caught import Caught, told

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

FUNCTIONS = "symbptt.functions"
"""Each an `algebra.function.Function` with both definitions for the referees."""
LOSSES = "symbptt.losses"
"""Each a `model.calls.Call`."""
MODELS = "symbptt.models"
"""Each a package whose folder has model files."""
NOTATIONS = "symbptt.notations"
"""Each a package whose folder has notation files."""
TARGETS = "symbptt.targets"
"""Each a `targets.target.Target`."""
GROUPS = (FUNCTIONS, LOSSES, MODELS, NOTATIONS, TARGETS)


class Named(Protocol):
    """A row of a table: known by its name."""

    @property
    def name(self) -> str: ...


Row = TypeVar("Row", bound=Named)


@cache
def _entries(group: str) -> tuple[EntryPoint, ...]:
    found = import_module("importlib.metadata").entry_points(group=group)  # found here, since it costs half of what --help may
    return tuple(sorted(found, key=lambda entry: (entry.name, entry.value)))


def _place(entry: EntryPoint) -> str:
    package = entry.dist.name if entry.dist else entry.module
    return f"package {package}, entry point {entry.name} of {entry.group}"


def _loaded(entry: EntryPoint) -> Any:
    with Caught() as caught:  # the code of another package may raise anything
        return entry.load()
    raise BadInput(f"{_place(entry)}: cannot be loaded: {told(caught.error or ImportError(entry.value))}")


def _free(name: str, taken: Collection[str], entry: EntryPoint) -> None:
    if name in taken:
        raise BadInput(f"{_place(entry)}: the name {name!r} is taken; expected a new one")


def rows(group: str, kind: type[Row], known: Mapping[str, Row]) -> dict[str, Row]:
    """The known rows by name, and behind them those of the group.

    Raises BadInput, which names the package, for what cannot be loaded, is of another kind or takes a known name.
    """
    table = dict(known)
    for entry in _entries(group):
        row = _loaded(entry)
        if not isinstance(row, kind):
            raise BadInput(f"{_place(entry)}: expected a {kind.__name__}, not {type(row).__name__}")
        _free(row.name, table, entry)
        table[row.name] = row
    return table


def _folder(entry: EntryPoint) -> Traversable:
    try:
        return files(entry.value)
    except (ImportError, TypeError) as error:
        raise BadInput(f"{_place(entry)}: expected a package with a folder of files: {error}") from error


def _named(folder: Traversable, suffix: str) -> Iterator[tuple[str, Traversable]]:
    return ((file.name.removesuffix(suffix), file) for file in folder.iterdir() if file.name.endswith(suffix))


def data_files(group: str, shipped: Traversable, suffix: str = ".toml") -> dict[str, Traversable]:
    """The files of a folder by name without the suffix, sorted, with those of the group's packages. Raises BadInput as `rows`."""
    table = dict(_named(shipped, suffix))
    for entry in _entries(group):
        for name, file in _named(_folder(entry), suffix):
            _free(name, table, entry)
            table[name] = file
    return dict(sorted(table.items()))
