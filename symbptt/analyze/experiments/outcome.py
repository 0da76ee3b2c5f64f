"""What an experiment is given and what comes out: lines for a terminal, and the same as JSON values."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from symbptt.analyze.export import lines
from symbptt.errors import BadInput

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
    """The outcome of an experiment."""

    name: str
    text: str
    data: dict[str, Any]
    value: Any


def written(result: Result, layout: str) -> str:
    """A result as text, JSON or (side by side) CSV; raises BadInput for CSV of something else."""
    if layout == "text":
        return result.text
    if layout == "json":
        return lines(result.data)
    if "rows" not in result.data:
        raise BadInput(f"{result.name} has no table for CSV; take text or json")
    text = io.StringIO()
    writer = csv.DictWriter(text, ["label", *MEASURES, "verdict"], extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(result.data["rows"])
    return text.getvalue()
