"""The words of the page by language; the server reads them without what speaks of derivations, which takes a second to load."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache

from symbptt.resources import templates

SUBJECT = "web.toml"


@cache
def tables() -> dict[str, dict[str, str]]:
    """Language, key ("section.name"), text."""
    folders = sorted((templates() / "words").iterdir(), key=lambda folder: folder.name)
    return {f.name: dict(_flat(tomllib.loads((f / SUBJECT).read_text(encoding="utf-8")))) for f in folders if f.is_dir()}


def _flat(table: Mapping[str, str | dict[str, str]]) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, str):
            yield key, value
        else:
            yield from ((f"{key}.{name}", text) for name, text in value.items())
