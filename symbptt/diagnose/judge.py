"""From given numbers to findings: right, right up to layout or a factor, or wrong with its causes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose import decompose, factors, reconcile, scaling, search, several_mistakes, transforms
from symbptt.diagnose.case import Case
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.findings import RIGHT, SCALED, WRONG, Entry, Finding, Suspect
from symbptt.diagnose.heat import differing
from symbptt.diagnose.hypotheses import far_fetched, mutants, other_models
from symbptt.diagnose.match import Matcher
from symbptt.diagnose.mutant import Mutant
from symbptt.diagnose.reconcile import ByName, Explanation
from symbptt.diagnose.search import Hypothesis, Problem, Singles
from symbptt.diagnose.submitted import SubmittedGradient
from symbptt.diagnose.two_mistakes import pairs

NOTHING = 1e-9
"""A gradient this small beside the right one is zero."""
MAX_CAUSES = 12
"""Causes that are listed for a gradient."""
NEAREST = 3
"""Hypotheses that are listed where none is certain."""

Shorter = Iterable[tuple[Case, Sequence[SubmittedGradient]]]
"""Points of fewer steps with the gradients there."""


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


def findings(case: Case, givens: Sequence[SubmittedGradient], shorter: Shorter = (), deep: bool = True) -> tuple[Finding, ...]:
    """A finding for each given gradient; `shorter` are the gradients of the same code for its first steps alone.

    Unless it goes `deep` only single mistakes are looked for that explain all of them.
    """
    return explained(case, givens, shorter, deep)[0]


def explained(
    case: Case, givens: Sequence[SubmittedGradient], shorter: Shorter = (), deep: bool = True
) -> tuple[tuple[Finding, ...], tuple[Mutant, ...]]:
    """The findings, and the mistakes that give all gradients when they are made together; none where none are known to."""
    if not givens:
        return (), ()
    known = _judged(case, _turned(givens))
    wrong = {g.name for g in known.matcher.givens} - known.right
    made = _explained(known, shorter, deep) if wrong else {}
    found = tuple(_finding(known, g, made.get(g.name, ())) for g in known.matcher.givens)
    first = {hypotheses[0] for hypotheses in made.values() if hypotheses}
    whole = len(first) == 1 and next(iter(first)).gradients >= wrong
    return found, next(iter(first)).mutants if whole else ()


def _judged(case: Case, givens: Sequence[SubmittedGradient]) -> _Judged:
    matcher = Matcher.of(givens, case.right)
    names = [g.name for g in matcher.givens]
    right = frozenset(n for n, ok in zip(names, matcher.equal(matcher.truth), strict=True) if ok)
    scaled = {n: a for n, a in factors.scaled(matcher).items() if n not in right}
    return _Judged(case, matcher, right, scaled, dict(zip(names, map(float, matcher.errors()), strict=True)))


def _turned(givens: Sequence[SubmittedGradient]) -> list[SubmittedGradient]:
    """Square matrices are read as the others were, whose shapes tell: all as they are or all transposed, whatever comes out."""
    rows = any(g.layout == "transposed" for g in givens)
    return [(g.turned() if rows else None) or g for g in givens]


def _explained(known: _Judged, shorter: Shorter, deep: bool = True) -> ByName:
    """Hypotheses for each gradient that is not right, the likeliest first."""
    problem = Problem(known.case, known.matcher)
    all_of = Singles.of(problem, mutants(known.case.backward, known.case.point))
    names = [g.name for g in known.matcher.givens if g.name not in known.right]
    exact = search.singles(all_of) or _of_other_models(problem)
    if not exact and known.wrong:
        exact = transforms.singles(all_of) or scaling.singles(all_of)
    if exact:
        return dict.fromkeys(names, tuple(exact))
    if not known.wrong or not deep:
        return {}
    wider = all_of.with_more(far_fetched(known.case.backward, known.case.point))
    if exact := search.singles(wider) or pairs(all_of):
        return dict.fromkeys(names, tuple(exact))
    found = _with_factors(problem, reconcile.explained(wider))
    if not found.certain.keys() >= set(names):
        more = several_mistakes.together(all_of, _problems(known, shorter), len(found.certain) + len(known.right))
        beside = reconcile.beside(all_of, {name: (h,) for h in more for name in names if name in h.gradients}, found)
        found = _with_factors(problem, beside)
    if known.scaled and len(known.scaled) < len(names) and not found.certain.keys() >= set(names):
        return _explained(_without(known, frozenset(known.scaled)), shorter)
    left = [name for name in names if name not in found.certain and name not in found.alone]
    near = tuple(search.nearest(all_of, {*left, *known.right}, NEAREST)) if left else ()
    return {**dict.fromkeys(left, near), **found.alone, **found.certain}


def _of_other_models(problem: Problem) -> list[Hypothesis]:
    """The wrong forward passes whose gradients these are."""
    made = other_models(problem.case.backward, problem.case.point)
    return search.singles(Singles.of(problem, made)) if made else []


def _with_factors(problem: Problem, found: Explanation) -> Explanation:
    """The explanation with the gradients that are what it predicts but for a factor each."""
    widest = sorted((made[0] for made in found.certain.values()), key=lambda h: -len(h.gradients))[:1]
    more = {name: (h,) for first in widest for h in transforms.multiplied(problem, first) for name in h.gradients}
    return replace(found, certain={**more, **found.certain})


def _problems(known: _Judged, shorter: Shorter) -> Iterator[Problem]:
    """The problems of shorter runs, with the same gradients."""
    names = {g.name for g in known.matcher.givens}
    for case, givens in shorter:
        if read := [g for g in _turned(givens) if g.name in names]:
            yield Problem(case, Matcher.of(read, case.right))


def _without(known: _Judged, names: frozenset[str]) -> _Judged:
    """The same without the gradients that a factor explains."""
    kept = [g for g in known.matcher.givens if g.name not in names]
    return replace(known, matcher=Matcher.of(kept, known.case.right), scaled={})


def _finding(known: _Judged, given: SubmittedGradient, hypotheses: tuple[Hypothesis, ...]) -> Finding:
    name, case = given.name, known.case
    verdict = RIGHT if name in known.right else SCALED if name in known.scaled else WRONG
    suspects = _suspects(known, given, hypotheses)
    if given.unsummed is not None:
        verdict = WRONG
        suspects = [Suspect(_unsummed(case, given), True), *suspects]
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
        _worst(known, given) if verdict != RIGHT else None, heat, zero=verdict != RIGHT and _is_zero(given, case.right[name]),
    )


def _is_zero(given: SubmittedGradient, right: Array) -> bool:
    """Whether nothing is left of a gradient."""
    return bool(np.max(np.abs(given.values), initial=0) <= NOTHING * np.max(np.abs(right), initial=0))


def _factor(known: _Judged, given: SubmittedGradient) -> tuple[Cause, ...]:
    if given.name not in known.scaled:
        return ()
    chosen = tuple(g for g in known.matcher.givens if g.name in known.scaled)
    clipped = factors.norm_clip(chosen, known.scaled)
    return (clipped or factors.cause(given.name, known.scaled[given.name], known.case.counts),)


def _suspects(known: _Judged, given: SubmittedGradient, hypotheses: tuple[Hypothesis, ...]) -> list[Suspect]:
    """The causes of the hypotheses, those of the first one first, then others with the same numbers."""
    made: list[Suspect] = []
    told: list[frozenset[tuple[str, str | None, str]]] = []

    def add(causes: tuple[Cause, ...], certain: bool, share: float) -> None:
        keys = frozenset((c.name, c.state, c.subject) for c in causes)
        if keys and not any(keys >= other for other in told):
            told.append(keys)
            made.extend(Suspect(c, certain, share, len(told)) for c in dict.fromkeys(causes))

    alone = _factor(known, given)
    if not any(c.name in {a.name for a in alone} for h in hypotheses[:1] for c in h.causes(given.name)):
        add(alone, True, 1.0)
    for hypothesis in hypotheses:
        add(hypothesis.causes(given.name), given.name in hypothesis.gradients, hypothesis.share)
    for first in hypotheses[:1]:
        if given.name in first.gradients:
            for i, others in enumerate(first.alike):
                for other in others:
                    add(first.having(i, other).causes(given.name), True, 1.0)
    return made


def _unsummed(case: Case, given: SubmittedGradient) -> Cause:
    assert given.unsummed is not None
    extra = given.unsummed.shape[: given.unsummed.ndim - len(given.shape)]
    words = {case.point.T: "time", case.point.N: "the batch"}
    axes = " and ".join(dict.fromkeys(words[n] for n in extra))
    return Cause("bias-not-summed", None, given.name, 0, (("what", f"d{given.name}"), ("axes", axes)))


def _worst(known: _Judged, given: SubmittedGradient) -> Entry | None:
    right: Array = given.pick(known.case.right[given.name])
    if not right.size:
        return None
    at = int(np.argmax(np.abs(given.values - right)))
    flat = at if given.places is None else int(given.places[at])
    place = tuple(int(i) for i in np.unravel_index(flat, given.shape)) if given.shape else ()
    return Entry(place, float(given.values[at]), float(right[at]))
