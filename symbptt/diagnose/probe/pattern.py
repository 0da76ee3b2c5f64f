"""The simplest phrase that says which terms (t, k) are wrong."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import combinations

Pair = tuple[int, int]
_FEW = 3
"""So many terms are listed where no phrase fits."""
_Rule = tuple[str, Callable[[int, int], bool]]


@dataclass(frozen=True)
class Phrase:
    """A `noun` with the `rule` that singles some of them out, empty for all; `one` if it is a single term."""

    noun: str
    rule: str = ""
    one: bool = False

    @property
    def text(self) -> str:
        """Both, as they stand in a sentence."""
        return f"{self.noun} {self.rule}".rstrip()


def pairs(wrong: Collection[Pair], known: Collection[Pair], separated: bool) -> Phrase | None:
    """A phrase for the wrong ones among the known terms; None if none fits. Without source steps they are those of losses."""
    if not wrong:
        return None
    if set(wrong) == set(known):
        return Phrase("all terms" if separated else "the contributions of all losses")
    T = max(t for t, _ in known)
    rules = [*_of_losses(T), *(_of_terms(T) if separated else ())]
    noun = "the terms" if separated else "the contributions of the losses"
    for count in (1, 2):
        for chosen in combinations(rules, count):
            if {pair for pair in known if all(holds(*pair) for _, holds in chosen)} == set(wrong):
                return Phrase(noun, f"with {' and '.join(name for name, _ in chosen)}")
        if separated and len(wrong) <= _FEW:
            one = len(wrong) == 1
            listed = ", ".join(f"({t}, {k})" for t, k in sorted(wrong))
            return Phrase("the term" if one else noun, f"(t, k) = {listed}", one)
    return None


def _of_terms(T: int) -> Iterator[_Rule]:
    yield "k = t", lambda t, k: t == k
    for d in range(1, T):
        yield f"t − k ≥ {d}", lambda t, k, d=d: t - k >= d  # type: ignore[misc]
    for d in range(1, T):
        yield f"t − k = {d}", lambda t, k, d=d: t - k == d  # type: ignore[misc]
    for d in range(1, T):
        yield f"t − k ≤ {d}", lambda t, k, d=d: t - k <= d  # type: ignore[misc]
    for s in (1, T, *range(2, T)):
        yield f"k = {s}", lambda t, k, s=s: k == s  # type: ignore[misc]
    for s in range(2, T):
        yield f"k ≤ {s}", lambda t, k, s=s: k <= s  # type: ignore[misc]
        yield f"k > {s}", lambda t, k, s=s: k > s  # type: ignore[misc]
    for size in range(2, T):
        yield f"t and k in different blocks of {size} steps", lambda t, k, b=size: (t - 1) // b != (k - 1) // b  # type: ignore[misc]
        yield f"t and k in the same block of {size} steps", lambda t, k, b=size: (t - 1) // b == (k - 1) // b  # type: ignore[misc]


def _of_losses(T: int) -> Iterator[_Rule]:
    yield f"t = {T}", lambda t, k: t == T
    for s in range(1, T):
        yield f"t = {s}", lambda t, k, s=s: t == s  # type: ignore[misc]
    for s in range(1, T):
        yield f"t > {s}", lambda t, k, s=s: t > s  # type: ignore[misc]
        yield f"t ≤ {s}", lambda t, k, s=s: t <= s  # type: ignore[misc]


def count(wrong: Collection[Pair], known: Collection[Pair], separated: bool) -> str:
    """How many are wrong."""
    return f"{len(wrong)} of the {len(known)} {'terms (t, k)' if separated else 'losses'}"


def samples(wrong: Collection[int], known: Collection[int]) -> str:
    """A phrase for the wrong ones among the samples; empty if it is all of them."""
    if set(wrong) == set(known):
        return ""
    if min(wrong) > min(known) and set(wrong) == {n for n in known if n >= min(wrong)}:
        return " of every sample after the first" if min(wrong) == 2 else f" of the samples from {min(wrong)} on"
    return " of the first sample" if set(wrong) == {1} else f" of sample {', '.join(map(str, sorted(wrong)))}"


def lengths(right: dict[int, bool]) -> str:
    """A sentence on the lengths T at which a gradient is right; empty if it is always or never."""
    good = [T for T, ok in sorted(right.items()) if ok]
    bad = [T for T, ok in sorted(right.items()) if not ok]
    if not good or not bad:
        return ""
    if max(good) < min(bad):
        return f"It is right for {'T = 1' if max(good) == 1 else f'T ≤ {max(good)}'}, wrong for more steps."
    return f"It is right for T = {', '.join(map(str, good))}, wrong for T = {', '.join(map(str, bad))}."
