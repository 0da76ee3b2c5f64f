"""Measure the corpus: `python -m tests.diagnose.measure_corpus [KIND ...]` prints the tables, of all kinds if none is named.

The kinds are those of `KINDS`. Times are of the processor, for one diagnosis. A case counts as named where every gradient that
is not right has certain causes, and these hold the mistakes that were made: the single one for every such gradient, several
for all of them together. Of three mistakes the gradients of the first step, and of the first two, are given too.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import process_time

import numpy as np

from symbptt.data.values import Data
from symbptt.diagnose import Diagnosis
from symbptt.diagnose.case import Case, case
from symbptt.diagnose.check import diagnosed

from . import corpus, corpus_more

PAIRS = 60
TRIPLES = 12
SEED = 10
NOT_LINEAR = ("clipped", "overwritten")
"""What happens to every gradient of a window that is made of one run for each loss step, not to their sum."""


@dataclass(frozen=True)
class Outcome:
    """A case: what was wrong, and for each gradient that is not right the causes that are certain, and those named first."""

    model: str
    size: int
    causes: tuple[str, ...]
    what: str
    certain: tuple[frozenset[str], ...]
    first: tuple[frozenset[str], ...]
    seconds: float = 0.0

    def _has(self, said: tuple[frozenset[str], ...]) -> bool:
        if not said or not all(said):
            return False
        alone = len(self.causes) > 1 or all(self.causes[0] in names for names in said)
        return alone and set(self.causes) <= frozenset().union(*said)

    @property
    def named(self) -> bool:
        """Whether every cause is named, alone or with others that give the same numbers."""
        return self._has(self.certain)

    @property
    def foremost(self) -> bool:
        """Whether the causes are those of the first hypothesis."""
        return self._has(self.first)

    def __str__(self) -> str:
        return f"{self.model} size {self.size}: {' + '.join(self.causes)} ({self.what}); said {sorted(set().union(*self.first))}"


def outcome(model: str, size: int, seed: int, *made: corpus.Mistake) -> Outcome | None:
    """Diagnose a module with these mistakes; None where they do not fit, fail, or change nothing, alone or together."""
    plain = corpus.source(model)
    at = corpus.data(model, corpus.SIZES[size], seed)
    right = corpus.gradients(plain, at)
    text: str | None = plain
    for mistake in made:
        text = mistake.made_in(text) if text is not None else None
    theirs = corpus.gradients(text, at) if text is not None else None
    if right is None or theirs is None or equal(theirs, right):
        return None
    if any(m.appended for m in made) and any(m.cause in NOT_LINEAR for m in made):
        return None
    for mistake in made if len(made) > 1 else ():
        alone = corpus.gradients(mistake.made_in(plain) or plain, at)
        if alone is None or equal(alone, right) or equal(alone, theirs):
            return None  # one of them has no effect
    begun = process_time()
    said = diagnosis(model, str(text), at, theirs, len(made) > 2)
    what = " + ".join(m.what for m in made)
    took = process_time() - begun
    return Outcome(Path(model).stem, size, tuple(m.cause for m in made), what, names(said), names(said, first=True), took)


def diagnosis(name: str, text: str, at: Data, theirs: corpus.Arrays, probed: bool) -> Diagnosis:
    """The diagnosis of a module's gradients; with `probed` it is asked for those of its first steps too."""
    model = corpus.load(name)

    def shorter() -> Iterator[tuple[Case, corpus.Arrays]]:
        for data in (at.first(model, steps) for steps in (1, 2) if steps < at.T):
            if (found := corpus.gradients(text, data)) is not None:
                yield case(model, **corpus.arguments(data)), found

    return Diagnosis(model, diagnosed(case(model, **corpus.arguments(at)), theirs, {}, shorter() if probed else ()))


def equal(one: corpus.Arrays, other: corpus.Arrays) -> bool:
    """Whether gradients are the same but for rounding."""
    return all(np.allclose(one[n], other[n], rtol=1e-9, atol=1e-11) for n in other)


def names(found: Diagnosis, first: bool = False) -> tuple[frozenset[str], ...]:
    """For each gradient that is not right its certain causes, those of the first hypothesis only if asked."""
    return tuple(
        frozenset(s.cause.name for s in f.suspects if s.certain and (s.hypothesis == 1 or not first))
        for f in found.findings if not f.right
    )


def singles(sizes: tuple[int, ...] = (0, 1, 2)) -> Iterator[Outcome]:
    """Every single mistake of the corpus at these sizes."""
    for model in corpus.MODELS:
        for mistake in corpus.mistakes(model, corpus.source(model)):
            for size in sizes:
                if (found := outcome(model, size, SEED + size, mistake)) is not None:
                    yield found


def systematic(sizes: tuple[int, ...] = (0, 1)) -> Iterator[Outcome]:
    """Every systematic mistake."""
    for model in corpus.MODELS:
        for mistake in corpus_more.systematic(corpus.source(model)):
            yield from (o for size in sizes if (o := outcome(model, size, SEED + size, mistake)) is not None)


def matrix_states(sizes: tuple[int, ...] = (0, 1, 2), every: int = 1) -> Iterator[Outcome]:
    """Single mistakes in models whose states are matrices."""
    for model in corpus_more.MATRIX_MODELS:
        for mistake in [*corpus_more.matrix_states(corpus.source(model))][::every]:
            yield from (o for size in sizes if (o := outcome(model, size, SEED + size, mistake)) is not None)


def pairs(count: int = PAIRS, seed: int = 0, models: tuple[str, ...] = corpus.MODELS) -> Iterator[Outcome]:
    """Sampled pairs of mistakes of two different causes."""
    yield from sampled(2, count, seed, models)


def triples(count: int = TRIPLES, seed: int = 0, models: tuple[str, ...] = corpus.MODELS) -> Iterator[Outcome]:
    """Sampled triples."""
    yield from sampled(3, count, seed, models)


def sampled(many: int, count: int, seed: int, models: tuple[str, ...]) -> Iterator[Outcome]:
    """So many mistakes of different causes at once, `count` for each model; each cause is as likely as any other."""
    drawn = Random(seed)
    for model in models:
        by_cause: dict[str, list[corpus.Mistake]] = {}
        for mistake in corpus.mistakes(model, corpus.source(model)):
            if many < 3 or not mistake.appended:  # what runs a module for each loss step has no first steps of its own
                by_cause.setdefault(mistake.cause, []).append(mistake)
        made = 0
        while made < count:
            chosen = [drawn.choice(by_cause[c]) for c in drawn.sample(sorted(by_cause), many)]
            found = outcome(model, drawn.randrange(2), drawn.randrange(1000), *chosen)
            if found is not None:
                made += 1
                yield found


def table(outcomes: list[Outcome]) -> str:
    """The share found, by cause."""
    total, found = Counter[str](), Counter[str]()
    for o in outcomes:
        total.update(o.causes)
        found.update(o.causes if o.named else ())
    rows = [f"| `{c}` | {n} | {found[c]} |" for c, n in sorted(total.items())]
    return "\n".join(["| cause | cases | named |", "|---|--:|--:|", *rows])


def share(outcomes: list[Outcome]) -> str:
    """The totals."""
    n, named, first = len(outcomes), sum(o.named for o in outcomes), sum(o.foremost for o in outcomes)
    text = f"{n} cases: named {named} ({100 * named / n:.1f} %), in the first hypothesis {first} ({100 * first / n:.1f} %); "
    times = [o.seconds for o in outcomes]
    return text + f"processor time {np.mean(times):.1f} s, at most {max(times):.1f} s"


def measured(title: str, cases: Iterator[Outcome]) -> None:
    """Diagnose the cases, telling those that are not named as they come; then the table."""
    done: list[Outcome] = []
    for o in cases:
        done.append(o)
        if not o.named:
            print("not named:", o, flush=True)
    print(f"\n{title}: {share(done)}\n\n{table(done)}\n", flush=True)


KINDS = {"singles": singles, "systematic": systematic, "matrix states": matrix_states, "pairs": pairs, "triples": triples}


if __name__ == "__main__":
    for kind in sys.argv[1:] or KINDS:
        measured(kind, KINDS[kind]())
