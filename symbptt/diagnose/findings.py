"""What a diagnosis says: one finding for each gradient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

from symbptt.diagnose.causes import Cause
from symbptt.diagnose.probe.probed import Probed

RIGHT, SCALED, WRONG = "right", "scaled", "wrong"


@dataclass(frozen=True)
class Suspect:
    """A cause of a finding: certain if it gives exactly these numbers and excludes no other certain cause of any gradient.

    `share` is the part of the squared difference from the right gradients that it explains. Suspects of one `hypothesis` act
    together; those of another are an alternative with the same numbers.
    """

    cause: Cause
    certain: bool
    share: float = 1.0
    hypothesis: int = 1

    def json(self) -> dict[str, Any]:
        """The suspect for `--format json`."""
        return {
            "name": self.cause.name,
            "state": self.cause.state,
            "certain": self.certain,
            "explanation": self.cause.explanation,
            "subject": self.cause.subject or None,
            "equation": self.cause.number or None,
            "hypothesis": self.hypothesis,
            **({} if self.certain else {"share": self.share}),
        }


@dataclass(frozen=True)
class Entry:
    """One number of a gradient: where it is, what was given and what is right."""

    place: tuple[int, ...]
    given: float
    right: float


@dataclass(frozen=True)
class Finding:
    """The verdict on one gradient, with its causes.

    `error` is the largest difference relative to the gradient's size, `factor` what the gradient was multiplied with,
    `layout` how it was turned. `differing` is the size of the difference by term (t, k), relative to the largest; `line` the
    line of somebody's file that computes what is wrong, with its number beside it, `probe` what calls at other data showed;
    `beside` are lines with a label, to be shown as they are; `zero` says that it is zero and should not be.
    """

    gradient: str
    verdict: str
    error: float
    suspects: tuple[Suspect, ...] = ()
    factor: float = 1.0
    layout: str = ""
    worst: Entry | None = None
    differing: Mapping[tuple[int, int], float] = field(default_factory=dict)
    note: str = ""
    line: str = ""
    line_number: int = 0
    probe: Probed | None = None
    beside: tuple[tuple[str, str], ...] = ()
    zero: bool = False

    def unguessed(self) -> Finding:
        """The finding without causes that do not give these numbers."""
        return replace(self, suspects=tuple(s for s in self.suspects if s.certain or s.share == 1))

    def measured(self, probe: Probed) -> Finding:
        """The finding with what calls showed; terms that were seen to be missing are a cause where none is known."""
        table = probe.table
        rule = table.rule if table.missing and table.whole and table.separated else ""
        if self.certain or not rule:
            return replace(self, probe=probe)
        missing = Cause("terms-missing", None, self.gradient, 0, (("pairs", rule),))
        return replace(self, probe=probe, suspects=(Suspect(missing, True),))

    @property
    def right(self) -> bool:
        """Whether the gradient is right as it is."""
        return self.verdict == RIGHT

    @property
    def certain(self) -> bool:
        """Whether the cause is known."""
        return any(s.certain for s in self.suspects)

    @property
    def causes(self) -> tuple[str, ...]:
        """The names of the causes, the likeliest first."""
        return tuple(dict.fromkeys(s.cause.name for s in self.suspects))

    def json(self) -> dict[str, Any]:
        """The finding for `--format json`."""
        error = self.error if isfinite(self.error) else None
        made: dict[str, Any] = {"gradient": self.gradient, "verdict": self.verdict, "error": error}
        if self.factor != 1:
            made["factor"] = self.factor
        if self.zero:
            made["zero"] = True
        if self.layout:
            made["layout"] = self.layout
        if self.note:
            made["note"] = self.note
        if self.line:
            made["line"] = self.line
            made["line_number"] = self.line_number
        if self.beside:
            made["beside"] = dict(self.beside)
        made["causes"] = [s.json() for s in self.suspects]
        if self.worst:
            made["worst"] = {"entry": list(self.worst.place), "given": self.worst.given, "right": self.worst.right}
        if self.probe:
            made["probe"] = self.probe.json()
        if self.differing:
            made["terms"] = [{"t": t, "k": k, "difference": size} for (t, k), size in self.differing.items()]
        return made
