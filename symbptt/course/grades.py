"""What a submission gets: points for each gradient, with the cause where one is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from symbptt.course.credit import Credit
from symbptt.diagnose.findings import RIGHT, SCALED
from symbptt.mistakes import named

MISSING = "missing"
"""The verdict on a gradient that was not returned."""
ABSENT = "not-computed"
"""The cause of a gradient that is zero where all else is right or zero."""


@dataclass(frozen=True)
class Reason:
    """A cause that explains a gradient: its name, the explanation, and the number of its equation in the derivation."""

    name: str
    explanation: str
    equation: int | None


@dataclass(frozen=True)
class Mark:
    """The points of a gradient `out_of` those of a right one.

    `reasons` act together; causes in `alternatives` would give the same numbers. `line` computes what is wrong.
    """

    gradient: str
    verdict: str
    points: float
    out_of: float
    reasons: tuple[Reason, ...] = ()
    alternatives: tuple[str, ...] = ()
    line: str = ""

    @property
    def right(self) -> bool:
        """Whether the gradient is right as it is."""
        return self.verdict == RIGHT

    @property
    def causes(self) -> tuple[str, ...]:
        """The names of the causes."""
        return tuple(dict.fromkeys(r.name for r in self.reasons))

    @property
    def beside(self) -> tuple[str, ...]:
        """What would leave the same zeros, where nothing was computed."""
        return self.alternatives[:1] if self.causes == (ABSENT,) else ()

    def json(self) -> dict[str, Any]:
        """The mark for JSON."""
        causes = [{"name": r.name, "explanation": r.explanation, "equation": r.equation} for r in self.reasons]
        return {"gradient": self.gradient, "verdict": self.verdict, "points": self.points, "out_of": self.out_of,
                "causes": causes, "alternatives": list(self.alternatives), "line": self.line or None}


@dataclass(frozen=True)
class Grade:
    """A submission's marks; `reason` says why there are none, `notes` what comes first, `twins` whose code is the same."""

    name: str
    file: str
    marks: tuple[Mark, ...]
    reason: str = ""
    notes: tuple[str, ...] = ()
    report: str = ""
    twins: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        """All points."""
        return round(sum(mark.points for mark in self.marks), 6)

    @property
    def out_of(self) -> float:
        """The points of a submission that is right."""
        return round(sum(mark.out_of for mark in self.marks), 6)

    @property
    def right(self) -> bool:
        """Whether every gradient is right."""
        return all(mark.right for mark in self.marks)

    @property
    def causes(self) -> tuple[str, ...]:
        """The names of the causes, in the order of the gradients."""
        return tuple(dict.fromkeys(name for mark in self.marks for name in mark.causes))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be said beside the marks."""
        missing = [mark.gradient for mark in self.marks if mark.verdict == MISSING]
        absent = (f"Not returned: {', '.join(missing)}.",) if missing and not self.reason else ()
        same = (f"The same code as {', '.join(self.twins)}.",) if self.twins else ()
        return (*((self.reason,) if self.reason else ()), *self.notes, *absent, *same)

    def json(self) -> dict[str, Any]:
        """The grade for JSON."""
        return {"name": self.name, "file": self.file, "points": self.points, "out_of": self.out_of,
                "reason": self.reason or None, "notes": list(self.notes), "same_code_as": list(self.twins),
                "marks": [mark.json() for mark in self.marks]}


def none(gradients: Sequence[str], credit: Credit) -> tuple[Mark, ...]:
    """The marks of a submission that gave no gradient."""
    return tuple(Mark(name, MISSING, 0.0, credit.of(name)) for name in gradients)


def marks(findings: Sequence[Mapping[str, Any]], gradients: Sequence[str], credit: Credit) -> tuple[Mark, ...]:
    """The marks for the findings of a diagnosis as JSON, of the gradients that are asked for."""
    # Where all is right or zero, nothing shows that a mistake made it zero.
    unfinished = all(f["verdict"] == RIGHT or f.get("zero") for f in findings)
    found = {f["gradient"]: _mark(f, credit, unfinished and f.get("zero", False)) for f in findings}
    return tuple(found[name] if name in found else Mark(name, MISSING, 0.0, credit.of(name)) for name in gradients)


def _mark(finding: Mapping[str, Any], credit: Credit, absent: bool) -> Mark:
    name, verdict = finding["gradient"], finding["verdict"]
    full = credit.of(name)
    if verdict == RIGHT:
        return Mark(name, verdict, full, full)
    certain = [s for s in finding["causes"] if s["certain"]]
    if absent:
        reason, others = Reason(ABSENT, named(ABSENT).sentence(), None), tuple(dict.fromkeys(s["name"] for s in certain))
        return Mark(name, verdict, round(full * credit.share({ABSENT}), 6), full, (reason,), others, finding.get("line", ""))
    # Other hypotheses give the same numbers; the first is the likeliest, and the one that is told.
    told = [s for s in certain if s["hypothesis"] == certain[0]["hypothesis"]]
    reasons = tuple(Reason(s["name"], s["explanation"], s["equation"]) for s in told)
    others = tuple(dict.fromkeys(s["name"] for s in certain if s not in told))
    share = credit.scaled if verdict == SCALED and not told else credit.share({r.name for r in reasons})
    return Mark(name, verdict, round(full * share, 6), full, reasons, others, finding.get("line", ""))
