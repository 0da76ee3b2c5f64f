"""What calls of somebody's function showed of one gradient."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from symbptt.diagnose.probe import pattern
from symbptt.diagnose.probe.table import Table


@dataclass(frozen=True)
class Probed:
    """What was measured of one gradient: its table, the lengths and the single samples with which it is right."""

    table: Table = field(default_factory=Table)
    lengths: Mapping[int, bool] = field(default_factory=dict)
    alone: Mapping[int, bool] = field(default_factory=dict)
    adds_up: bool = True
    """Whether the changes for single steps and samples add up to that for all of them."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """What it shows."""
        said = [self.table.sentence, pattern.lengths(dict(self.lengths))]
        if self.alone and all(self.alone.values()) and not all(self.lengths.values()):
            said.append("It is right for one sample, wrong for several.")
        if not self.adds_up:
            said.append("What the losses of single steps and samples add to it does not sum up to the whole: something is "
                        "bounded, normalised or overwritten on the way.")
        return tuple(s for s in said if s)

    def json(self) -> dict[str, Any]:
        """The measurement for `--format json`."""
        return {
            "says": list(self.sentences), "terms": self.table.json(), "adds_up": self.adds_up, "whole": self.table.whole,
            "lengths": [{"T": T, "right": ok} for T, ok in self.lengths.items()],
            "samples": [{"sample": n, "right": ok} for n, ok in self.alone.items()],
        }
