"""From given numbers to findings: right, right up to layout or a factor, or wrong with its causes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose import decompose, factors, search, transforms
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.findings import RIGHT, SCALED, WRONG, Entry, Finding, Suspect
from symbptt.diagnose.given import Given
from symbptt.diagnose.heat import differing
from symbptt.diagnose.match import Matcher
from symbptt.diagnose.mistakes import mutants
from symbptt.diagnose.pairs import beside, pairs
from symbptt.diagnose.problem import Case
from symbptt.diagnose.search import Hypothesis, Problem, Singles

MAX_CAUSES = 8
"""Causes that are listed for a gradient."""
NEAREST = 3
"""Hypotheses that are listed where none is certain."""


@dataclass(frozen=True)
class _Judged:
    """A problem with what is known about each gradient."""

    case: Case
    matcher: Matcher
    right: frozenset[str]
    scaled: dict[str, float]
    errors: dict[str, float]

    @property
    def wrong(self) -> list[str]:
        """The gradients that are neither right nor right up to a factor."""
        return [g.name for g in self.matcher.givens if g.name not in self.right and g.name not in self.scaled]


def findings(case: Case, givens: Sequence[Given]) -> tuple[Finding, ...]:
    """A finding for each given gradient."""
    if not givens:
        return ()
    known = _judged(case, _turned(case, givens))
    if len(known.right) == len(known.matcher.givens):
        return tuple(_finding(known, g, ()) for g in known.matcher.givens)
    explained = _explained(known)
    return tuple(_finding(known, g, explained.get(g.name, ())) for g in known.matcher.givens)


def _judged(case: Case, givens: Sequence[Given]) -> _Judged:
    matcher = Matcher.of(givens, case.right)
    names = [g.name for g in matcher.givens]
    right = frozenset(n for n, ok in zip(names, matcher.equal(matcher.truth), strict=True) if ok)
    scaled = {n: a for n, a in factors.scaled(matcher).items() if n not in right}
    return _Judged(case, matcher, right, scaled, dict(zip(names, map(float, matcher.errors()), strict=True)))


def _turned(case: Case, givens: Sequence[Given]) -> list[Given]:
    """Square matrices are read as transposed where that makes them right, or where the other matrices were."""
    plain = Matcher.of(givens, case.right).equal(Matcher.of(givens, case.right).truth)
    rows = any(g.layout == "transposed" for g in givens)
    made: list[Given] = []
    for given, right in zip(givens, plain, strict=True):
        other = None if right else given.turned()
        if other is not None and not rows:
            alone = Matcher.of([other], case.right)
            other = other if alone.equal(alone.truth).all() else None
        made.append(other or given)
    return made


Explanation = tuple[Suspect, ...]


def _explained(known: _Judged) -> dict[str, tuple[Hypothesis, ...]]:
    """Hypotheses for each gradient that is not right, the likeliest first."""
    case, matcher = known.case, known.matcher
    problem = Problem(case, matcher)
    all_of = Singles.of(problem, mutants(case.program, case.point))
    names = [g.name for g in matcher.givens if g.name not in known.right]
    if exact := search.singles(all_of) or (known.wrong and transforms.singles(all_of)):
        return dict.fromkeys(names, tuple(exact))
    if not known.wrong:
        return {}
    if exact := pairs(all_of):
        return dict.fromkeys(names, tuple(exact))
    if known.scaled and len(known.scaled) < len(names):
        return _explained(_without(known, frozenset(known.scaled)))
    return {name: _single(known, all_of, name) for name in names}


def _without(known: _Judged, names: frozenset[str]) -> _Judged:
    """The same without the gradients that a factor explains."""
    kept = [g for g in known.matcher.givens if g.name not in names]
    return replace(known, matcher=Matcher.of(kept, known.case.right), scaled={})


def _single(known: _Judged, all_of: Singles, name: str) -> tuple[Hypothesis, ...]:
    """What explains one gradient: a mistake exactly, alone or beside that of the others, or else the nearest ones."""
    place = [g.name for g in known.matcher.givens].index(name)
    exact = search.partial(all_of, place) or beside(all_of, place)
    return tuple(exact or search.nearest(all_of, place, NEAREST))


def _finding(known: _Judged, given: Given, hypotheses: tuple[Hypothesis, ...]) -> Finding:
    name, case = given.name, known.case
    verdict = RIGHT if name in known.right else SCALED if name in known.scaled else WRONG
    suspects = list(_factor(known, given))
    suspects += [s for s in _suspects(known, given, hypotheses) if s.cause.name not in {f.cause.name for f in suspects}]
    if given.unsummed is not None:
        verdict = WRONG
        suspects.insert(0, Suspect(_unsummed(case, given), True))
    if given.layout and verdict == RIGHT:
        verdict = SCALED
        shown = (("place", f"d{name}"), ("wrong", f"it comes {given.layout}"), ("right", f"the shape {given.shape}"))
        suspects = [Suspect(Cause("transpose-missing", None, name, 0, shown), True)]
    if verdict != RIGHT and not any(s.certain for s in suspects):
        gone = decompose.missing(case.terms, known.matcher.givens, frozenset([name]))
        if gone:
            pairs = ", ".join(f"({t}, {k})" for t, k in gone)
            suspects = [Suspect(Cause("terms-missing", None, name, 0, (("pairs", pairs),)), True)]
    if any(s.certain for s in suspects):
        suspects = [s for s in suspects if s.certain]
    structural = next((h for h in hypotheses if name in h.gradients and h.mutants), None)
    heat = {} if verdict == RIGHT else differing(case, given, structural)
    return Finding(
        name, verdict, known.errors[name], tuple(suspects[:MAX_CAUSES]), known.scaled.get(name, 1.0), given.layout,
        _worst(known, given) if verdict != RIGHT else None, heat,
    )


def _factor(known: _Judged, given: Given) -> Iterable[Suspect]:
    if given.name not in known.scaled:
        return
    chosen = tuple(g for g in known.matcher.givens if g.name in known.scaled)
    clipped = factors.norm_clip(chosen, known.scaled)
    yield Suspect(clipped or factors.cause(given.name, known.scaled[given.name], known.case.counts), True)


def _suspects(known: _Judged, given: Given, hypotheses: tuple[Hypothesis, ...]) -> list[Suspect]:
    """The causes of the hypotheses, those of the first one first, then others with the same numbers."""
    made: dict[tuple[str, str | None, str], Suspect] = {}
    number = 0

    def add(causes: Iterable[Cause], certain: bool, residual: float) -> None:
        nonlocal number
        new = [c for c in causes if (c.name, c.state, c.subject) not in made]
        number += bool(new)
        made.update({(c.name, c.state, c.subject): Suspect(c, certain, residual, number) for c in new})

    for hypothesis in hypotheses:
        add(hypothesis.causes(given.name), given.name in hypothesis.gradients, hypothesis.residual)
    for hypothesis in hypotheses[:1]:
        for changed, alike in zip(hypothesis.effects, hypothesis.alike, strict=False):
            if given.name in changed and given.name in hypothesis.gradients:
                for other in alike:
                    add(other.causes, True, hypothesis.residual)
    return list(made.values())


def _unsummed(case: Case, given: Given) -> Cause:
    assert given.unsummed is not None
    extra = given.unsummed.shape[: given.unsummed.ndim - len(given.shape)]
    words = {case.point.T: "time", case.point.N: "the batch"}
    axes = " and ".join(dict.fromkeys(words[n] for n in extra))
    return Cause("bias-not-summed", None, given.name, 0, (("what", f"d{given.name}"), ("axes", axes)))


def _worst(known: _Judged, given: Given) -> Entry | None:
    right: Array = given.pick(known.case.right[given.name])
    if not right.size:
        return None
    at = int(np.argmax(np.abs(given.values - right)))
    flat = at if given.places is None else int(given.places[at])
    place = tuple(int(i) for i in np.unravel_index(flat, given.shape)) if given.shape else ()
    return Entry(place, float(given.values[at]), float(right[at]))
