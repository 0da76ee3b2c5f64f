"""What a verification found: checks, and a report that prints, serialises and raises."""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from symbptt.display import Printed
from symbptt.errors import Disagreement
from symbptt.terminal import columns


@dataclass(frozen=True)
class Check(Printed):
    """One comparison: `name` is the route, `subject` what was compared, `worst_error` is relative to the subject's size.

    `where` is empty where the two sides agree, and otherwise names the entry, step or term.
    """

    name: str
    subject: str
    worst_error: float
    tolerance: float
    where: str = ""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether the two sides agree; not-a-number never does."""
        return self.worst_error <= self.tolerance

    def __str__(self) -> str:
        sign = "<=" if self.ok else ">"
        text = f"{self.name}, {self.subject}: error {self.worst_error:.1e} {sign} {self.tolerance:.1e}"
        return f"{text}; {self.where}" if self.where else text


@dataclass(frozen=True)
class Report(Printed):
    """All checks of one subject, in the order made. `notes` say what was left out, and why."""

    subject: str
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Check]:
        return iter(self.checks)

    @property
    def ok(self) -> bool:
        """Whether something was checked and every check agrees."""
        return bool(self.checks) and all(check.ok for check in self.checks)

    @property
    def disagreements(self) -> tuple[Check, ...]:
        """The checks that object."""
        return tuple(check for check in self.checks if not check.ok)

    def summary(self) -> list[str]:
        """One line for every subject that something disagrees about: what the first route to object says."""
        first: dict[str, Check] = {}
        for check in self.disagreements:
            first.setdefault(check.subject, check)
        lines = [str(check) for check in first.values()]
        return lines if self.checks else ["nothing was checked"]

    def table(self) -> str:
        """Aligned plain text: one line per route with its worst subject, then the disagreements, then the notes."""
        rows = [("check", "subjects", "worst error", "tolerance", "worst at", ""), *map(_row, _routes(self.checks))]
        lines = columns(rows, indent="")
        lines += [f"DISAGREES  {line}" for line in self.summary()]
        lines += [f"note: {note}" for note in self.notes]
        return "\n".join(lines)

    def json(self) -> dict[str, Any]:
        """The report as JSON values: {"schema": 1, "subject", "ok", "checks": [...], "notes": [...]}."""
        return {"schema": 1, "subject": self.subject, "ok": self.ok,
                "checks": [_json(check) for check in self.checks], "notes": list(self.notes)}

    def raise_for_disagreement(self) -> None:
        """Raise Disagreement, naming parameter, step and term, unless every check agrees."""
        if not self.ok:
            count = f"{len(self.disagreements)} of {len(self.checks)} checks disagree"
            raise Disagreement("\n  ".join([f"{self.subject}: {count}", *self.summary()]))

    def __str__(self) -> str:
        return self.table()


def _routes(checks: Iterable[Check]) -> list[list[Check]]:
    return [list(group) for _, group in groupby(checks, key=lambda check: check.name)]


def _severity(check: Check) -> float:
    if check.worst_error != check.worst_error:
        return float("inf")
    # An exact check has the tolerance zero.
    return check.worst_error / (check.tolerance or sys.float_info.min)


def _row(route: list[Check]) -> tuple[str, ...]:
    worst = max(route, key=_severity)
    verdict = "ok" if all(check.ok for check in route) else "DISAGREES"
    return (worst.name, str(len(route)), f"{worst.worst_error:.1e}", f"{worst.tolerance:.0e}", worst.subject, verdict)


def _json(check: Check) -> dict[str, Any]:
    # JSON has no infinity or nan, so such an error is written as text.
    error = check.worst_error
    finite = error if json.dumps(error) not in ("NaN", "Infinity") else str(error)
    return {"name": check.name, "subject": check.subject, "worst_error": finite, "tolerance": check.tolerance,
            "ok": check.ok, "where": check.where, "seconds": check.seconds}
