"""Many random models, one after the other; failures cut down."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random

from symbptt.fuzz.draft import Draft
from symbptt.fuzz.fault import Fault, Verdict
from symbptt.fuzz.generate import draft
from symbptt.fuzz.memory import memory
from symbptt.fuzz.pieces import chosen
from symbptt.fuzz.several import composed
from symbptt.fuzz.shrink import shrunk
from symbptt.fuzz.trial import trial

MEMORIES = 0.1
"""The share of memories among random models."""


@dataclass(frozen=True)
class Outcome:
    """What one random model gave; for a fault the smallest draft found that still shows it."""

    number: int
    draft: Draft
    verdict: Verdict

    @property
    def fault(self) -> Fault | None:
        """What went wrong, if anything."""
        return self.verdict.fault

    @property
    def summary(self) -> str:
        """The outcome in a word or two: failed, agreed, and the rare models that show little."""
        if self.fault is not None:
            return "failed"
        if not self.verdict.finite:
            return "without finite values, left out"
        return "agreed within the rounding of an ill-conditioned model" if self.verdict.loose else "agreed"

    def file(self) -> str:
        """The model file, with the fault and the sizes of the data in comments on top."""
        heading = [f"symbptt fuzz: {self.draft.note}", self.draft.setting(), *str(self.fault or "no fault").splitlines()]
        return "\n".join(f"# {line}" for line in heading) + "\n" + self.draft.text()


def outcomes(
    models: int, seed: int, pieces: Iterable[str] = ("gradients",), first: int = 0, words: bool = False, several: bool = False
) -> Iterator[Outcome]:
    """The outcomes of so many random models of a seed, from number `first` on; the same every time. With `words` all names are
    words of emitted code; with `several` each model is one of several recurrences.

    Raises UnknownName for a piece that is not in the table.
    """
    wanted = chosen(pieces)
    for number in range(first, first + models):
        remembers = not (words or several) and Random(f"kind {seed} {number}").random() < MEMORIES
        made = memory(seed, number) if remembers else (composed if several else draft)(seed, number, words)
        verdict = trial(made, wanted)
        if verdict.fault is not None:
            made, fault = shrunk(made, verdict.fault, wanted)
            verdict = replace(verdict, fault=fault)
        yield Outcome(number, made, verdict)
