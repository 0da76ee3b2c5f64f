"""What `symbptt.diagnose` returns."""

from dataclasses import dataclass, field
from typing import Any

from symbptt.diagnose import report
from symbptt.diagnose.findings import Finding
from symbptt.display import Printed
from symbptt.errors import UnknownName
from symbptt.guard.text import escaped
from symbptt.model.values import Model


@dataclass(frozen=True)
class Diagnosis(Printed):
    """The findings on somebody's gradients for a model; `notes` concern all of them, `opening` is said before anything else.

    `unjudged` are the gradients that were to be expected and did not come. `str` gives the report.
    """

    model: Model = field(repr=False)
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    failed: bool = False
    """Whether there is no verdict: the code gave no gradients, or it is not known how they are laid out."""
    opening: tuple[str, ...] = ()
    unjudged: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every gradient that was to be expected is right."""
        return not self.failed and not self.unjudged and all(f.right for f in self.findings)

    @property
    def causes(self) -> tuple[str, ...]:
        """The names of all causes, in the order of the findings."""
        return tuple(dict.fromkeys(name for f in self.findings for name in f.causes))

    def __getitem__(self, gradient: str) -> Finding:
        for finding in self.findings:
            if finding.gradient == gradient:
                return finding
        raise UnknownName("gradient", gradient, (f.gradient for f in self.findings))

    def __str__(self) -> str:
        return escaped(report.text(self.findings, self.notes, self.model, self.opening))

    def json(self) -> dict[str, Any]:
        """The diagnosis for `--format json`."""
        return {
            "schema": 1, "model": self.model.name, "ok": self.ok, "notes": [*self.opening, *self.notes],
            "unjudged": list(self.unjudged), "findings": [f.json() for f in self.findings],
        }
