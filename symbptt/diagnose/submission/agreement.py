"""How well an answer fits the model: the shapes of its gradients, and what its forward pass computed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.case import Known
from symbptt.diagnose.check import equal
from symbptt.diagnose.submission.guarded import Answer
from symbptt.diagnose.submission.invoke import COUNTS
from symbptt.diagnose.submission.mapping import LOSSES
from symbptt.diagnose.submission.results import Results
from symbptt.diagnose.submission.witness import Difference, witness

_EQUAL = 1e-9


class Forward(IntEnum):
    """What is known of the states of a forward pass: some are not the model's, none was seen, or those that were seen agree."""

    DIFFERS = 0
    UNSEEN = 1
    AGREES = 2


@dataclass(frozen=True)
class Fit:
    """`shapes` counts the gradients with a shape that fits out of `count`; `apart` says that each sample has one of its own."""

    count: int
    shapes: int
    apart: bool
    batched: bool
    forward: Forward
    agreed: int
    first: Difference | None
    way: str | None
    """In which of the ways of a mapping the loss that came back is the model's."""
    wrong_loss: bool
    counted: bool
    """Whether what is called after a number of steps or of samples is one, wherever something is."""
    called: Mapping[str, str]
    """What the values of the forward pass that were found are called."""
    right: frozenset[str]
    """The gradients that are right. They never decide on a layout: they tell whether two that fit agree on the verdict."""

    @property
    def complete(self) -> bool:
        """Whether gradients came back, all in shapes that fit."""
        return self.count > 0 and self.shapes == self.count and not self.apart

    @property
    def differs(self) -> bool:
        """Whether the forward pass is another than the model's, in its states, its outputs or its loss. Where the loss is the
        model's, a value that is called after a state is another thing, as one that was kept in reverse order."""
        return self.wrong_loss or (self.way is None and (self.forward is Forward.DIFFERS or self.first is not None))

    @property
    def rank(self) -> tuple[bool, int, bool, bool, bool, bool, int, int]:
        """The evidence for the layout, the strongest largest. A function that takes several samples is judged with them."""
        batched, loss = self.batched and not self.apart, self.way is not None
        return self.count > 0, self.forward, self.complete, self.counted, batched, loss, self.agreed, self.shapes


def fit(known: Known, answer: Answer, found: Results) -> Fit:
    """The fit of an answer."""
    shapes = [_fits(known, n, a.shape) for n, a in found.gradients.items()]
    seen = witness(known, {**answer.held, **answer.before})
    right_loss, T, N = known.loss, known.T, known.N
    way = None if found.loss is None or right_loss is None else mean_of(found.loss, right_loss, T, N)
    wrong_loss = found.loss is not None and right_loss is not None and way is None
    lead = [a.shape[:1] == (N,) and N > 1 and not _fits(known, n, a.shape, whole=True) for n, a in found.gradients.items()]
    apart = (bool(lead) and all(lead)) or found.losses
    forward = Forward.UNSEEN if seen.states is None else Forward.AGREES if seen.states else Forward.DIFFERS
    if seen.states is None and (seen.whole or seen.first):
        forward = Forward.DIFFERS if seen.first else Forward.AGREES
    if seen.states is None and not seen.first and (way is not None or wrong_loss):
        forward = Forward.AGREES if way is not None else Forward.DIFFERS
    right, counted = equal(known, found.gradients), _counted(known, answer.held)
    return Fit(
        len(shapes), sum(shapes), apart, N > 1, forward, seen.agreed, seen.first, way, wrong_loss, counted, seen.called, right,
    )


def _counted(known: Known, held: Mapping[str, Array]) -> bool:
    """Whether every number that is called after one of steps or samples is that number."""
    axes = {name: COUNTS.get(name.rpartition(".")[2]) for name in held if name.rpartition(".")[2] not in known.model.dimensions}
    return all((held[name] == (known.T if axis == "T" else known.N)).all()
               for name, axis in axes.items() if axis and held[name].dtype.kind == "i")


def _fits(known: Known, name: str, shape: tuple[int, ...], whole: bool = False) -> bool:
    """Whether a gradient has the shape of its variable, but for axes of length one and, unless `whole`, those of samples and
    steps in front."""
    expected = known.right[name].shape
    bare, wanted = ([n for n in s if n != 1] for s in (shape, expected))
    if bare == wanted:
        return True
    extra = len(shape) - len(expected)
    leading = all(n in (known.T, known.N) for n in shape[: max(extra, 0)])
    return not whole and extra > 0 and shape[extra:] == expected and leading


def counts(T: int, N: int) -> dict[str, int]:
    """What the sum over steps and samples is divided by in each of the ways of a mapping."""
    return dict(zip(LOSSES, (1, T * N, T, N), strict=True))


def mean_of(given: float, right: float, T: int, N: int) -> str | None:
    """In which of the ways of a mapping a loss is the right one, given that as a sum; None if in none."""
    return next((way for way, n in counts(T, N).items() if abs(given * n - right) <= _EQUAL * abs(right)), None)
