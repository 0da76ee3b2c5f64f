"""Measure the corpus: `python tests/diagnose/measure_corpus.py [PAIRS]` prints the table of docs/diagnose.md."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import corpus

import symbptt
from symbptt.diagnose import Diagnosis


@dataclass(frozen=True)
class Outcome:
    """A case: what was wrong, what was said first, and all that was said to be certain."""

    model: str
    size: int
    causes: tuple[str, ...]
    what: str
    first: tuple[str, ...]
    certain: frozenset[str]

    @property
    def found(self) -> bool:
        """Whether every cause is named among those that give these numbers."""
        return set(self.causes) <= self.certain

    @property
    def is_first(self) -> bool:
        """Whether the causes are those of the first hypotheses."""
        return set(self.causes) <= set(self.first)


def said(found: Diagnosis) -> tuple[tuple[str, ...], frozenset[str]]:
    """The causes of the first hypothesis of every gradient, and all certain ones."""
    suspects = [s for f in found.findings for s in f.suspects if s.certain]
    return tuple(dict.fromkeys(s.cause.name for s in suspects if s.hypothesis == 1)), frozenset(s.cause.name for s in suspects)


def is_right(theirs: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> bool:
    """Whether a mistake changes nothing at this point."""
    return all(np.allclose(theirs[n], right[n], rtol=1e-9, atol=1e-11) for n in right)


def outcome(name: str, size: int, seed: int, *made: corpus.Mistake) -> Outcome | None:
    """Diagnose a module with these mistakes; None where they do not fit, fail, or change nothing, alone or together."""
    plain = corpus.source(name)
    at = corpus.data(name, corpus.SIZES[size], seed)
    right = corpus.gradients(plain, at)
    text: str | None = plain
    for mistake in made:
        text = mistake.made_in(text) if text is not None else None
    theirs = corpus.gradients(text, at) if text is not None else None
    if right is None or theirs is None or is_right(theirs, right):
        return None
    for mistake in made if len(made) > 1 else ():
        alone = corpus.gradients(mistake.made_in(plain) or plain, at)
        if alone is None or is_right(alone, right) or is_right(alone, theirs):
            return None  # one of the two has no effect: it is a single mistake
    first, certain = said(symbptt.diagnose.gradients(corpus.load(name), theirs, **corpus.arguments(at)))
    return Outcome(name, size, tuple(m.cause for m in made), " + ".join(m.what for m in made), first, certain)


def singles(sizes: tuple[int, ...] = (0, 1, 2)) -> Iterator[Outcome]:
    """Every single mistake of the corpus at these sizes."""
    for name in corpus.MODELS:
        for mistake in corpus.mistakes(name, corpus.source(name)):
            for size in sizes:
                if (found := outcome(name, size, 10 + size, mistake)) is not None:
                    yield found


def pairs(count: int, seed: int = 0) -> Iterator[Outcome]:
    """Sampled pairs of mistakes of two different causes, as many for each model; each cause is as likely as any other."""
    drawn = Random(seed)
    for name in corpus.MODELS:
        by_cause: dict[str, list[corpus.Mistake]] = {}
        for mistake in corpus.mistakes(name, corpus.source(name)):
            by_cause.setdefault(mistake.cause, []).append(mistake)
        made = 0
        while made < count:
            a, b = (drawn.choice(by_cause[c]) for c in drawn.sample(sorted(by_cause), 2))
            found = outcome(name, drawn.randrange(2), drawn.randrange(1000), a, b)
            if found is not None:
                made += 1
                yield found


def table(outcomes: list[Outcome]) -> str:
    """The share found, by cause."""
    total, found, first = Counter[str](), Counter[str](), Counter[str]()
    for o in outcomes:
        for cause in o.causes:
            total[cause] += 1
            found[cause] += cause in o.certain
            first[cause] += cause in o.first
    rows = [f"| {c} | {n} | {found[c]} | {first[c]} |" for c, n in sorted(total.items())]
    return "\n".join(["| cause | cases | named | in the first hypothesis |", "|---|--:|--:|--:|", *rows])


def share(outcomes: list[Outcome]) -> str:
    """The totals."""
    named, first = sum(o.found for o in outcomes), sum(o.is_first for o in outcomes)
    n = len(outcomes)
    return f"{n} cases: named {named} ({100 * named / n:.1f} %), in the first hypothesis {first} ({100 * first / n:.1f} %)"


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    alone = [*singles()]
    print("single:", share(alone), flush=True)
    print(table(alone), flush=True)
    for o in alone:
        if not o.found:
            print("  missed", o, flush=True)
    together = [*pairs(count)]
    print("pairs:", share(together))
    for o in together:
        if not o.found:
            print("  missed", o)
