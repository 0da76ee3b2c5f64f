"""What an experiment is given and what comes out: lines for a terminal, and the same as JSON values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from symbptt.analyze.csv_rows import csv_of
from symbptt.analyze.export import lines

MEASURES = ("loss", "gradient", "far", "reach", "rate", "direct", "saturated", "dead")
"""The columns of models side by side, as in `comparison.Row`."""


@dataclass(frozen=True)
class Options:
    """What an experiment is given; None stands for its own default."""

    T: int | None = None
    dims: Mapping[str, int] = field(default_factory=dict)
    N: int | None = None
    seed: int | None = None
    init: Mapping[str, str] | str | None = None
    fill: Mapping[str, float] = field(default_factory=dict)
    scale: Mapping[str, float] = field(default_factory=dict)
    norm: str = "fro"
    activation: str | None = None

    def given(self) -> set[str]:
        """The names of the options that differ from their defaults."""
        plain = Options()
        return {f.name for f in fields(self) if getattr(self, f.name) != getattr(plain, f.name)}


@dataclass(frozen=True)
class Result:
    """The outcome of an experiment: for a terminal, as JSON values, and as rows of one table."""

    name: str
    text: str
    data: dict[str, Any]
    rows: list[dict[str, Any]]
    value: Any


def written(result: Result, layout: str) -> str:
    """A result as text, JSON or CSV."""
    writers = {"text": lambda: result.text, "json": lambda: lines(result.data), "csv": lambda: csv_of(result.rows)}
    return writers[layout]()
