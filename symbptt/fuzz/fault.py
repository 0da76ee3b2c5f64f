"""What a trial can find."""

from dataclasses import dataclass

NO_END = "no end"
"""The kind of a fault that is a run beyond its budget."""


@dataclass(frozen=True)
class Fault:
    """What went wrong: the route, the kind (an exception's name, or "differs"), and the details."""

    route: str
    kind: str
    message: str

    @property
    def same(self) -> tuple[str, str]:
        """What two faults share that come from one mistake."""
        return self.route, self.kind

    def __str__(self) -> str:
        return f"{self.route}: {self.kind}: {self.message}"


class Wrong(Exception):
    """Carries a fault out of a route."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(frozen=True)
class Verdict:
    """A fault or None; `loose` if rounding makes some comparison weak, `finite` if the model has finite values at all."""

    fault: Fault | None = None
    loose: bool = False
    finite: bool = True
