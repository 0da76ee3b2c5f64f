"""Adds up the terms of one variable as the walk brings them: norms, row sums, column sums, sums by distance."""

from dataclasses import dataclass, field

import numpy as np

from symbptt.algebra.evaluate import Array, Values
from symbptt.analyze.norms import norm, total
from symbptt.derive.numeric import in_own_shape
from symbptt.model.values import Role, Variable


@dataclass
class Tally:
    """Feed it `add` for every lane and `close` after every visit; `losses` are all loss steps, the last first.

    `values` know the sizes.
    """

    variable: Variable
    T: int
    losses: tuple[int, ...]
    kind: str
    values: Values
    per_sample: int = 0
    keeps_entries: bool = False
    entries: dict[tuple[int, int], Array] = field(init=False, default_factory=dict)
    norms: Array = field(init=False)
    by_sample: Array = field(init=False)
    columns: Array = field(init=False)
    parts: list[Array] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.norms = np.zeros((self.T, self.T))
        self.by_sample = np.zeros((self.per_sample, self.T, self.T))
        self.columns = np.zeros(self.T)
        self._column: Array | None = None
        self._rows: Array | None = None
        self._distances: Array | None = None

    @property
    def keeps_samples(self) -> bool:
        """Whether the terms of each sample are entries of the gradient: inputs and initial states."""
        return self.variable.role is not Role.PARAMETER

    @property
    def shared(self) -> bool:
        """Whether the terms of all k belong to one value, so that rows and distances are sums."""
        return self.variable.role is Role.STATE or not self.variable.timed

    def add(self, k: int, places: slice, values: Array) -> None:
        """The terms (t, k) of the loss steps at these places; values are (losses, N or 1, rows, columns)."""
        t = np.asarray(self.losses[places]) - 1
        terms = values if self.keeps_samples else values[:, 0] if values.shape[1] == 1 else values.sum(axis=1)
        flat = terms.reshape(len(terms), -1, values.shape[-1])
        self.norms[t, k - 1] = norm(flat, self.kind)
        if self.keeps_entries:
            self.entries.update({(int(t[i]) + 1, k): self._shaped(term, term.ndim - 2) for i, term in enumerate(terms)})
        if self.per_sample:
            self.by_sample[:, t, k - 1] = norm(values, self.kind).T
        self._column = terms.sum(axis=0) + (0.0 if self._column is None else self._column)
        if self.shared:
            if self._rows is None or self._distances is None:
                self._rows = np.zeros((len(self.losses), *flat.shape[1:]))
                self._distances = np.zeros((self.T, *flat.shape[1:]))
            self._rows[places] += flat
            # The largest distance stands first, so that the loss steps of a lane are a slice here as well.
            first = self.T - 1 - (int(t[0]) + 1 - k)
            self._distances[first : first + len(t)] += flat

    def close(self, k: int) -> None:
        """All terms of source step k are in."""
        if self._column is None:
            return
        self.columns[k - 1] = norm(self._column.reshape(-1, self._column.shape[-1]), self.kind)
        if self.shared and self.parts:
            self.parts[0] = self.parts[0] + self._column
        else:
            self.parts.append(self._column)
        self._column = None

    def sums(self) -> tuple[Array, Array, Array]:
        """Norms of the row sums, of the sums by distance, and of what a window of K = 0 .. T leaves out.

        Where nothing is shared (an input, untied weights) all terms count as one long vector.
        """
        if not self.shared:
            distances = np.array([total(np.diagonal(self.norms, -d)) for d in range(self.T)])
            beyond = np.array([total(distances[K:]) for K in range(self.T + 1)])
            return np.array([total(row) for row in self.norms]), distances, beyond
        rows, zero = np.zeros(self.T), np.zeros((self.T, 1, 1))
        rows[np.asarray(self.losses, dtype=int) - 1] = norm(zero[:1] if self._rows is None else self._rows, self.kind)
        falling = zero if self._distances is None else self._distances
        rest = np.concatenate([[0.0], norm(np.cumsum(falling, axis=0), self.kind)])
        return rows, norm(falling[::-1], self.kind), rest[::-1]

    def _shaped(self, value: Array, lead: int) -> Array:
        return in_own_shape(self.variable, value, lead, self.values)

    def gradient(self, rows: int, columns: int, N: int) -> Array:
        """The sum of all terms in the shape that emitted code gives it."""
        lead = (N,) if self.keeps_samples else ()
        if self.shared:
            value = self.parts[0] if self.parts else np.zeros((*lead, rows, columns))
            return self._shaped(value, len(lead))
        value = np.array(self.parts[::-1]) if self.parts else np.zeros((self.T, *lead, rows, columns))
        return self._shaped(value, 1 + len(lead))
