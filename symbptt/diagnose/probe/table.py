"""What was measured of one gradient: every term (t, k) of every sample beside the right one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.probe import pattern
from symbptt.diagnose.probe.pattern import Pair, Phrase

_EQUAL = 1e-6
"""A term that is off by less, relative to its size, is right."""


@dataclass(frozen=True)
class Cell:
    """A term beside the right one.

    `error` is the largest difference relative to the largest number of the right term, `share` what the right term is multiplied
    with, if it is a multiple.
    """

    error: float
    share: float | None

    @property
    def right(self) -> bool:
        """Whether the term is the right one."""
        return self.error <= _EQUAL

    @classmethod
    def of(cls, given: Array, right: Array, floor: float) -> Cell | None:
        """The cell of two arrays whose numbers have errors up to `floor`; None if both are zero."""
        size, apart = float(np.abs(right).max(initial=0.0)), float(np.abs(given - right).max(initial=0.0))
        if max(size, float(np.abs(given).max(initial=0.0))) <= floor:
            return None
        if apart <= floor:
            return cls(0.0, 1.0)
        if size <= floor:
            return cls(float("inf"), None)
        share = float((given * right).sum() / (right * right).sum())
        near = np.abs(given - share * right).max() <= floor + _EQUAL * size * max(1.0, abs(share))
        return cls(apart / size, share if near else None)


@dataclass(frozen=True)
class Table:
    """The measured terms of a gradient by loss step t, source step k (0 where the steps could not be told apart) and sample n."""

    cells: Mapping[tuple[int, int, int], Cell] = field(default_factory=dict)
    whole: bool = True
    """Whether the gradient itself is the sum of these shares of its terms, where these are all that is wrong with them."""

    @property
    def separated(self) -> bool:
        """Whether the source steps are told apart."""
        return any(k for _, k, _ in self.cells)

    @cached_property
    def errors(self) -> dict[Pair, float]:
        """The largest error of each term (t, k), of all samples."""
        found: dict[Pair, float] = {}
        for (t, k, _), cell in self.cells.items():
            found[t, k] = max(found.get((t, k), 0.0), 0.0 if cell.right else cell.error)
        return dict(sorted(found.items()))

    @property
    def shades(self) -> dict[Pair, float]:
        """The errors by term (t, k), none above 1."""
        return {pair: min(error, 1.0) for pair, error in self.errors.items()}

    @cached_property
    def wrong(self) -> dict[tuple[int, int, int], Cell]:
        """The terms that are not right."""
        return {place: cell for place, cell in self.cells.items() if not cell.right}

    @property
    def missing(self) -> bool:
        """Whether everything that is wrong is that terms are not there."""
        return bool(self.wrong) and all(c.share is not None and abs(c.share) < _EQUAL for c in self.wrong.values())

    @cached_property
    def _which(self) -> Phrase | None:
        """The wrong terms; None if there is no simple phrase for them, or none is wrong."""
        wrong = {(t, k) for t, k, _ in self.wrong}
        return pattern.pairs(wrong, self.errors, self.separated) if self._alike else None

    @property
    def _samples(self) -> str:
        return pattern.samples({n for *_, n in self.wrong}, {n for *_, n in self.cells})

    @property
    def where(self) -> str:
        """Which terms are wrong, in a phrase; empty if there is no simple one, or none is wrong."""
        return f"{self._which.text}{self._samples}" if self._which else ""

    @property
    def rule(self) -> str:
        """What singles the wrong terms out among the others; empty where nothing does so, or all are wrong."""
        return f"{self._which.rule}{self._samples}" if self._which and self._which.rule else ""

    @property
    def _alike(self) -> bool:
        """Whether the same terms are wrong in all samples in which any is."""
        return all((t, k, n) in self.wrong for t, k, _ in self.wrong for *_, n in self.wrong if (t, k, n) in self.cells)

    @property
    def sentence(self) -> str:
        """What the table shows; empty if everything is right."""
        if not self.wrong:
            return ""
        if self.missing and not self.whole and len(self.wrong) == len(self.cells):
            return "It does not depend on targets or cotangents at all."
        wrong = [pair for pair, error in self.errors.items() if error]
        single = f"{len(self.wrong)} of the {len(self.cells)} terms of single samples"
        where = self.where or (pattern.count(wrong, self.errors, self.separated) if self._alike else single)
        one = self._which is not None and self._which.one
        rest = "" if len(self.wrong) == len(self.cells) else "; all others are right"
        more = "" if self.whole else " What does not depend on targets or cotangents is wrong as well."
        return f"{where[0].upper()}{where[1:]} {self._how(one)}{rest}.{more}"

    def _how(self, one: bool) -> str:
        are, they, have = ("is", "it", "has") if one else ("are", "they", "have")
        known = {place: c.share for place, c in self.wrong.items() if c.share is not None}
        if self.missing:
            return f"{are} missing"
        if len(known) < len(self.wrong):
            return f"{are} wrong"
        shares = np.array([*known.values()])
        if np.ptp(shares) <= _EQUAL * np.abs(shares).max():
            sign = abs(shares[0] + 1) < _EQUAL
            return f"{have} the wrong sign" if sign else f"{are} {shares[0]:.6g} times what {they} should be"
        back = np.array([t - k for t, k, _ in known], float)
        if self.separated and (back > 0).all() and (shares > 0).all():
            by_step = shares ** (1 / back)
            if np.ptp(by_step) <= 10 * _EQUAL:
                return f"{are} multiplied by {by_step[0]:.6g} for every step back"
        return f"{are} wrong"

    def json(self) -> list[dict[str, Any]]:
        """The cells for `--format json`."""
        return [
            {"t": t, **({"k": k} if k else {}), "sample": n, "right": c.right, "error": c.error if np.isfinite(c.error) else None,
             **({} if c.share is None or c.right else {"times": c.share})}
            for (t, k, n), c in self.cells.items()
        ]
