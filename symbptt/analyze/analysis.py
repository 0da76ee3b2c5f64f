"""Everything about the gradient flow of one model at one point, in one value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.analyze import bound
from symbptt.analyze.data import evaluated, point
from symbptt.analyze.immediate import Immediate, immediate
from symbptt.analyze.interval import Interval, covers, intervals
from symbptt.analyze.jacobian import Jacobians
from symbptt.analyze.modes import Modes, modes
from symbptt.analyze.norms import norm as norm_of
from symbptt.analyze.notes import notes
from symbptt.analyze.products import Block, Long, products
from symbptt.analyze.recurrent import recurrent
from symbptt.analyze.spectrum import Spectrum, spectrum_of
from symbptt.analyze.table import ROUNDING, Table, Terms, of_run
from symbptt.analyze.truncation import Randomised, Truncation, randomise, truncate
from symbptt.analyze.units import Units, units
from symbptt.analyze.verdict import Verdict, judge
from symbptt.data.values import Data
from symbptt.data.wrt import asked
from symbptt.derive.numeric import Evaluation
from symbptt.display import Printed, Summarised
from symbptt.model.read import load
from symbptt.model.values import Model
from symbptt.unroll.graph import steps


@dataclass(frozen=True)
class Growth:
    """The long product ds_T/ds_{T-d}, d = 0 .. T, beside its bounds: `measured` in the 2-norm, the worst sample.

    `jacobians` is the product of the norms of the factors, `closed` (gamma sigma_max(W))^d, None unless h = phi(W h + ...).
    """

    long: Long
    jacobians: Array
    closed: Array | None
    verdict: Verdict

    @property
    def measured(self) -> Array:
        """The norms at the distances 0 .. T."""
        return self.long.norms

    @property
    def curves(self) -> dict[str, Array]:
        """The measured norms and their bounds, by name."""
        closed = {} if self.closed is None else {"closed": self.closed}
        return {"measured": self.measured, "jacobians": self.jacobians, **closed}


@dataclass(frozen=True)
class Enlarging:
    """Where a step enlarges: the pre-activations with |w phi'(z)| > 1 for w = sigma_max(W), and how many met are there."""

    activation: str
    weight: float
    intervals: tuple[Interval, ...]
    met: float


@dataclass(frozen=True, repr=False)
class Analysis(Summarised, Printed):
    """The (t, k) table, the blocks of the state-Jacobian products, spectra, bounds and verdict, and notes in words.

    `table` is None for a model without a loss, `growth` for one without states. What comes after the notes was asked for.
    """

    model: Model
    data: Data
    kind: str
    table: Table | None
    blocks: tuple[Block, ...]
    spectra: tuple[Spectrum, ...]
    growth: Growth | None
    immediate: tuple[Immediate, ...]
    enlarging: Enlarging | None
    units: tuple[Units, ...]
    notes: tuple[str, ...]
    truncation: Truncation | None = None
    randomised: tuple[Randomised, ...] = field(default=())
    modes: Modes | None = None

    def _summary_(self) -> str:
        return f"of {self.model.name}, T={self.data.T}"

    @property
    def agrees(self) -> bool:
        """Whether all sums of terms equal the emitted gradients."""
        cuts = self.truncation.cuts if self.truncation else ()
        errors = [*(cut.error for cut in cuts), *((self.modes.error,) if self.modes else ())]
        return (self.table is None or all(item.agrees for item in self.table.terms)) and max(errors, default=0.0) <= ROUNDING


def flow(
    model: Model | str, T: int | None = None, dims: Mapping[str, int] | None = None, N: int | None = None, seed: int = 0, *,
    values: Mapping[str, Array] | None = None, init: Mapping[str, str] | str | None = None,
    wrt: Iterable[str] | str | None = None, norm: str = "fro", samples: bool = False, every: bool | None = None,
    entries: bool = False,
) -> Analysis:
    """Analyse the gradient flow of a model on given or random data; the arguments up to `init` are those of `data.point`.

    `norm` is fro, 2, 1, inf or max; `samples` keeps the samples apart; `every` asks for the products of all pairs and all factors
    however long they take; `entries` keeps the terms themselves. Raises BadInput for what does not fit.
    """
    read = load(model)
    chosen = point(read, T, dims, N, seed, values=values, init=init)
    return at(read, chosen, wrt, norm=norm, samples=samples, every=every, entries=entries)


def at(
    model: Model, data: Data, wrt: Iterable[str] | str | None = None, *, norm: str = "fro", samples: bool = False,
    every: bool | None = None, entries: bool = False,
) -> Analysis:
    """Analyse the gradient flow of a model at a point; the options are those of `flow`."""
    variables = asked(model, wrt)
    norm_of(np.zeros((1, 1)), norm)  # an unknown norm is refused before any work
    done = evaluated(steps(model, data.T), data)
    table = of_run(done, data, variables, norm, samples, entries) if model.loss else None
    jacobians = Jacobians(done)
    blocks, long = products(jacobians, norm, samples, every) if model.states else ((), None)
    factors = immediate(jacobians, variables, norm, every) if model.states else ()
    spectra = tuple(_spectra(model, data))
    growth = None if long is None else _growth(long, bound.factors(model, data))
    return Analysis(
        model, data, norm, table, blocks, spectra, growth, factors, _enlarging(model, data, done), units(done),
        notes(data, done, table, spectra),
    )


def more(
    found: Analysis, wrt: Iterable[str] | str | None = None, *, truncation: tuple[int, int] | None = None,
    keep: float | None = None, both_modes: bool = False,
) -> Analysis:
    """The analysis with a truncation (k1, k2), a random truncation that goes on with probability `keep`, or both modes."""
    model, data = found.model, found.data
    return replace(
        found,
        truncation=truncate(model, data, *truncation, wrt) if truncation else None,
        randomised=() if keep is None else randomise(model, data, keep, wrt),
        modes=modes(model, data) if both_modes else None,
    )


def main(found: Analysis) -> Terms | None:
    """The gradient that stands for all: that of the first recurrent matrix, else of a parameter with terms t > k, else any."""
    items = found.table.terms if found.table else ()
    loops = recurrent(found.model)
    reaching = [item for item in items if np.tril(item.norms, -1).any()]
    return next((item for item in items if item.name in loops), next(iter(reaching or items), None))


def _spectra(model: Model, data: Data) -> Iterable[Spectrum]:
    for name in recurrent(model):
        value = data.parameters[name]
        if model[name].tied:
            yield spectrum_of(name, value)
        else:
            yield from (spectrum_of(f"{name}[{t}]", one) for t, one in enumerate(value, start=1))


def _growth(long: Long, closed: Array | None) -> Growth:
    by = "the norm of the Jacobians" if closed is None else "gamma sigma_max(W)"
    limit = None if closed is None else bound.products(closed)
    factors = long.factors
    verdict = judge(long.norms, factors if closed is None else closed, by, here=factors)
    return Growth(long, bound.products(factors), limit, verdict)


def _enlarging(model: Model, data: Data, done: Evaluation) -> Enlarging | None:
    found = bound.form(model)
    if found is None or found.argument is None:
        return None
    weight = max(spectrum_of("W", one).largest for one in bound.weights(model, data))
    if not np.isfinite(weight):
        return None
    numbers = {name: float(value) for name, value in found.named()}
    where = intervals(found.activation, weight, **numbers)
    met = np.array([done.batch(done.at(k).leaves[found.argument]) for k in range(1, data.T + 1)])
    return Enlarging(found.activation, weight, where, covers(where, met))
