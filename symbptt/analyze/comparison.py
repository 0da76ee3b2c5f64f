"""Models side by side on the same data: how their products grow, where their terms lie, how many units are flat or dead."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from symbptt.analyze.analysis import Analysis, at
from symbptt.analyze.norms import total
from symbptt.data.values import Data
from symbptt.errors import BadInput
from symbptt.model.values import Model


@dataclass(frozen=True)
class Case:
    """A model at a point under a name of its own."""

    label: str
    model: Model
    data: Data


@dataclass(frozen=True)
class Row:
    """One case. `gradient` is the norm of all gradients as one vector.

    `far` is the share of the terms with t - k of at least T // 2, for the parameters that reach a state;
    `reach` is ||ds_T/ds_0||_2 and `rate` its factor per step; `direct` the 2-norm of the product of the direct routes over all
    steps (an LSTM's forget gates), nan without; `saturated` and `dead` are parts of all units.
    """

    label: str
    loss: float
    gradient: float
    far: float
    reach: float
    rate: float
    verdict: str
    direct: float
    saturated: float
    dead: float
    analysis: Analysis


def compare(cases: Iterable[Case], norm: str = "fro") -> tuple[Row, ...]:
    """One row per case; raises BadInput for a model without a loss or without states, or if lengths or batches differ."""
    chosen = tuple(cases)
    for case in chosen:
        if case.model.loss is None or not case.model.states:
            raise BadInput(f"{case.model.name} has no {'loss' if case.model.loss is None else 'state'}, so it cannot be compared")
        if (case.data.T, case.data.N) != (chosen[0].data.T, chosen[0].data.N):
            raise BadInput("models are compared on the same numbers of steps and samples")
    return tuple(_row(case, at(case.model, case.data, norm=norm, every=False)) for case in chosen)


def _row(case: Case, found: Analysis) -> Row:
    table, growth = found.table, found.growth
    assert table is not None and growth is not None
    T = case.data.T
    reaching = [item for item in table.terms if any(item.norms[t - 1, k - 1] for t, k in item.pairs if t > k)]
    shares = [item.by_distance[T // 2 :].sum() for item in reaching]
    direct = [norms[T] for norms in growth.long.direct.values()]
    count = sum(u.count for u in found.units)
    return Row(
        case.label, table.loss, total(np.array([item.total for item in table.terms])),
        float(np.mean(shares)) if shares else 0.0, float(growth.measured[T]), growth.verdict.rate, growth.verdict.kind.value,
        float(max(direct)) if direct else float("nan"),
        sum(u.saturated * u.count for u in found.units) / count if count else 0.0,
        sum(u.dead for u in found.units) / count if count else 0.0, found,
    )
