"""Experiments that need no model file: the backward signal, the cliff, activations, and the groups of remedies.

To add one, write a function from `Options` to `Result` and add a row.
"""

from collections.abc import Callable
from dataclasses import dataclass

from symbptt.analyze.experiments.activations import curves, interval
from symbptt.analyze.experiments.backward import signal
from symbptt.analyze.experiments.descent import cliff
from symbptt.analyze.experiments.outcome import Options as Options
from symbptt.analyze.experiments.outcome import Result as Result
from symbptt.analyze.experiments.outcome import written as written
from symbptt.analyze.experiments.side_by_side import compare_models as compare_models
from symbptt.analyze.experiments.side_by_side import group
from symbptt.analyze.remedies import REMEDIES
from symbptt.errors import BadInput, UnknownName


@dataclass(frozen=True)
class Experiment:
    """An experiment and the options that it takes."""

    run: Callable[[Options], Result]
    takes: frozenset[str] = frozenset()


EXPERIMENTS: dict[str, Experiment] = {
    "signal": Experiment(signal, frozenset({"T", "dims", "N", "seed", "scale", "norm", "activation"})),
    "cliff": Experiment(cliff),
    "curves": Experiment(curves),
    "interval": Experiment(interval, frozenset({"activation"})),
    **{
        name.replace(" ", "-"): Experiment(group(name), frozenset({"T", "dims", "N", "seed", "scale", "norm"}))
        for name in REMEDIES
    },
}


def experiment(name: str, options: Options | None = None) -> Result:
    """Run an experiment by name; raises UnknownName for one that is not in the table, BadInput for an option it does not take."""
    if name not in EXPERIMENTS:
        raise UnknownName("experiment", name, EXPERIMENTS)
    chosen, given = EXPERIMENTS[name], options or Options()
    other = sorted(given.given() - chosen.takes)
    if other:
        raise BadInput(f"the experiment {name} takes no {other[0]}; it takes {', '.join(sorted(chosen.takes)) or 'no options'}")
    return chosen.run(given)
