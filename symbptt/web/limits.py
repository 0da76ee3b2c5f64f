"""How long each task of the page may take. Whoever keeps the limits needs to load nothing that answers."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Limit:
    """The seconds that a task may take.

    Long tasks leave a worker free for others, and are ended where nobody waits for them any longer.
    """

    seconds: float
    long: bool = False


LIMITS = {
    "start": Limit(20), "derivation": Limit(20), "code": Limit(20), "check": Limit(60, long=True), "flow": Limit(60, long=True),
    "bug": Limit(90, long=True), "file": Limit(180, long=True), "read": Limit(20),
}
"""Limit by the name of the task."""
WARM_UP = {"task": "derivation", "model": 'title = "One"\n[inputs]\nx = "H"\n[states]\nh = "H"\n[parameters]\nw = "H"\n'
           '[equations]\nh = "tanh(w * h[t-1] + x)"\n'}
"""A request whose answer loads what most answers need."""


def refused(message: str) -> dict[str, Any]:
    """The answer that is a sentence alone."""
    return {"ok": False, "error": {"message": message}}
