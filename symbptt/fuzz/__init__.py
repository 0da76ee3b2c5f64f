"""Random model files against every route: emitted code, complex step and the three forms of the derivation."""

from __future__ import annotations

from symbptt.fuzz.run import Outcome, outcomes

__all__ = ["Outcome", "outcomes"]


def __dir__() -> list[str]:
    return __all__
