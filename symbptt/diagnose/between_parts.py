"""Gradients of a composed model: right, or what went wrong between its parts, or inside the last part that has one wrong."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain as joined
from itertools import combinations
from typing import cast

import numpy as np

from symbptt.compose.chain import Chain, How
from symbptt.compose.emission import heading
from symbptt.compose.handed import Found, through_parts
from symbptt.compose.referee import Point
from symbptt.compose.slips import LINK, ONE_STEP, SHARE, TURN_BACK, TURN_IN, UNMASKED, Slip, slips, unsummed
from symbptt.data.values import Array
from symbptt.diagnose import factors
from symbptt.diagnose.case import Arrays, case, given, named
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.check import equal
from symbptt.diagnose.findings import RIGHT, SCALED, WRONG, Finding, Suspect
from symbptt.diagnose.judge import explained
from symbptt.diagnose.match import Matcher
from symbptt.diagnose.mutant import predicted, together
from symbptt.model.values import Model, Variable

MOST = 2
"""Slips that are tried together, beside all those of one part."""
_FOLLOWS = "what is wrong inside parts gives these numbers here"
_LATER = "it takes what a later part hands back, which may be wrong for the cause named there"
_LOST = {How.STEPS: "direction-lost", How.MEMORY: "memory-lost", How.FINAL: "handover-lost"}
"""The cause where the gradient of a link is not handed back."""
_CAUSES = {SHARE: "share-missing", UNMASKED: "mask-ignored", TURN_IN: "not-reversed", TURN_BACK: "not-reversed"}
CAUSES = tuple(dict.fromkeys((*_LOST.values(), *_CAUSES.values())))
"""The mistakes between parts, by their names in the catalogue."""
_OVERWRITTEN = dict(zip(ONE_STEP, ("what the first step of {reader} gives", "what the last step of {reader} gives"), strict=True))
"""What remains where the gradients of a memory are not added up, by the kind of slip; the cause is that of any sum."""
_TURNED = {
    (TURN_IN, False): ("A reversed sequence is not reversed: the gradients of {what} reach {reader} in the order of the steps",
                       "What later parts hand back for {what} is reversed before the recursion of {what} runs."),
    (TURN_BACK, False): ("A reversed input is not reversed back: the gradients of what {reader} reads stay in its order",
                         "The gradients of the inputs are reversed before they are added to others."),
    (TURN_IN, True): ("A reversed sequence is not reversed back: {what} are read in the order in which {reader} computes them",
                      "At step t belongs the value of step t: reverse {what} before anything else reads them."),
    (TURN_BACK, True): ("{reader}, which computes {what}, reads its inputs in the order of the steps",
                        "A reversed direction reads them from the last step to the first."),
}
"""What is said of a sequence that is not turned, in the gradients alone or in the values, too, and what is right."""


@dataclass(frozen=True)
class Composed:
    """A composed model at values, with its right gradients."""

    point: Point

    @property
    def model(self) -> Model:
        """The chain, which has what is asked of a model here."""
        return cast(Model, self.point.chain)

    @property
    def T(self) -> int:
        """The number of steps of the last part."""
        return self.point.data.T

    @property
    def N(self) -> int:
        """The number of samples."""
        return self.point.data.N

    @cached_property
    def right(self) -> dict[str, Array]:
        """The gradients."""
        return self.slipped()

    @cached_property
    def _slipped(self) -> dict[tuple[Slip, ...], dict[str, Array]]:
        return {}

    def slipped(self, *tried: Slip) -> dict[str, Array]:
        """The gradients with slips."""
        if tried not in self._slipped:
            self._slipped[tried] = through_parts(self.point, *tried)[0]
        return self._slipped[tried]

    @property
    def loss(self) -> float | None:
        """The loss, summed over steps and samples as it counts them; None without one."""
        return None if self.point.chain.loss is None else float(self.point.objective())

    @property
    def counts(self) -> dict[str, int]:
        """The counts by which gradients are averaged."""
        return {"N": self.N, "T": self.T, "(T N)": self.T * self.N}

    def computed(self) -> Iterator[tuple[Variable, Array, list[int]]]:
        """The variables that the parts compute with their values (steps, N, ...), and the steps."""
        for number, (own, values) in enumerate(self.point.evaluated):
            steps = list(range(1, self.point.T[number] + 1))
            for e in self.point.chain.parts[number].model.equations:
                if e.target.definition is None:
                    yield e.target, self.point.taken(number, e.target, values, own), steps


def findings(known: Composed, theirs: Arrays, entries: Arrays | None = None) -> tuple[Finding, ...]:
    """What is to say of somebody's gradients. Raises UnknownName for a name that the model does not have."""
    theirs = {named(known.model, name).name: array for name, array in theirs.items()}
    compared, strange = given(known, theirs, entries or {})
    found = {f.gradient: f for f in strange}
    if compared:
        matcher = Matcher.of(compared, known.right)
        right = {g.name for g, ok in zip(compared, matcher.equal(matcher.truth), strict=True) if ok}
        told = _Slips(known, matcher).told() if len(right) < len(compared) else []
        for place, g in enumerate(compared):
            found[g.name] = _finding(known, matcher, place, g.name in right, told)
        if not told and len(right) < len(compared):
            inside = _Inside(known, {g.name: theirs[g.name] for g in compared if g.places is None})
            found |= _with_mistakes(found, matcher, *inside.told())
    return tuple(found[v.name] for v in known.model.with_gradient if v.name in found)


def _with_mistakes(
    found: Mapping[str, Finding], matcher: Matcher, inside: Mapping[str, Finding], given_by_them: dict[str, Array]
) -> dict[str, Finding]:
    """The findings with those inside parts; what the mistakes there give elsewhere follows from them."""
    made = {name: replace(f, error=found[name].error) for name, f in inside.items()}
    suspects = dict.fromkeys(s for f in inside.values() for s in f.suspects if s.certain and s.hypothesis == 1)
    follows = matcher.equal(matcher.vector(given_by_them))
    for place, g in enumerate(matcher.givens):
        f = found[g.name]
        if g.name in made or f.right or f.certain:
            continue
        certain = follows[place] and suspects
        note = _FOLLOWS if certain else _LATER
        made[g.name] = replace(f, suspects=tuple(suspects) if certain else f.suspects, note=note if inside else "")
    return made


def _finding(known: Composed, matcher: Matcher, place: int, right: bool, told: list[tuple[Suspect, Array]]) -> Finding:
    """The finding on one gradient: what is told of all that concerns it, or else a factor."""
    g = matcher.givens[place]
    suspects = [s for s, changed in told if changed[place] and not right]
    factor = 1.0 if right or suspects else factors.scaled(matcher).get(g.name, 1.0)
    if factor != 1.0:
        suspects = [Suspect(factors.cause(g.name, factor, known.counts), True)]
    verdict = RIGHT if right else SCALED if factor != 1.0 else WRONG
    return Finding(g.name, verdict, float(matcher.errors()[place]), tuple(suspects), factor, g.layout)


@dataclass(frozen=True)
class _Slips:
    """Slips between the parts, and what numbers they give."""

    known: Composed
    matcher: Matcher

    @cached_property
    def single(self) -> dict[Slip, Array]:
        """Those that change something, with their numbers."""
        made = {slip: self.numbers(slip) for slip in (*slips(self.known.point.chain), *unsummed(self.known.point.chain))}
        return {slip: vector for slip, vector in made.items() if self.matcher.changed(vector).any()}

    def numbers(self, *tried: Slip) -> Array:
        """The given gradients, with slips."""
        return self.matcher.vector(self.known.slipped(*tried))

    def sets(self) -> Iterator[list[tuple[Slip, ...]]]:
        """Sets of slips, the likeliest first."""
        for size in range(1, MOST + 1):
            yield list(combinations(self.single, size))
        links = [slip for slip in self.single if slip.kind == LINK]
        yield [part for n in {s.number for s in links} if len(part := tuple(s for s in links if s.number == n)) > MOST]

    def told(self) -> list[tuple[Suspect, Array]]:
        """The fewest slips that give all gradients, each with the gradients that it changes; another set with the same numbers is
        an alternative. A mean in place of the sum may come on top."""
        for sets in self.sets():
            vectors = {tried: self.numbers(*tried) for tried in sets}
            found = [(tried, count) for tried, vector in vectors.items() for count in sorted({1, *self.known.counts.values()})
                     if self.matcher.equal(vector / count).all()]
            if found:
                return [(Suspect(cause, True, hypothesis=i), changed) for i, (tried, count) in enumerate(found, 1)
                        for cause, changed in self.causes(tried, count)]
        return []

    def causes(self, tried: tuple[Slip, ...], count: int) -> Iterator[tuple[Cause, Array]]:
        """The causes of slips, and of a mean, each with the gradients that it changes."""
        yield from ((_cause(self.known.point.chain, slip), self.matcher.changed(self.single[slip])) for slip in tried)
        if count > 1:
            yield factors.cause("", 1 / count, self.known.counts), np.ones(len(self.matcher.givens), bool)


def called(chain: Chain, slip: Slip) -> str:
    """The name of a slip in the catalogue of mistakes."""
    links = {link.name: link.how for link in chain.parts[slip.number].links}
    return _LOST[links[slip.name]] if slip.kind == LINK else _CAUSES.get(slip.kind, "overwritten")


def _cause(chain: Chain, slip: Slip) -> Cause:
    """What a slip is called, and the words of its sentence."""
    part = chain.parts[slip.number]
    source = {link.name: link for link in part.links}.get(slip.name)
    back = slip.kind == UNMASKED and not slip.forward
    words = {
        "reader": f"{'the backward pass of ' * back}part {slip.number + 1}", "name": slip.name,
        "source": source.source if source else "",
        "what": ", ".join(v.name for v in part.model.states or part.model.outputs),
    }
    what, fix = (said.format(**words) for said in _TURNED.get((slip.kind, slip.forward), ("", "")))
    if slip.kind in ONE_STEP and source:
        words |= {"what": f"The gradient of {source.name}, the memory of {source.source},",
                  "left": _OVERWRITTEN[slip.kind].format(**words)}
    if what:
        words |= {"what": what[0].upper() + what[1:], "fix": fix}
    return Cause(called(chain, slip), None, source.source if source else slip.name, words=tuple(words.items()))


@dataclass(frozen=True)
class _Inside:
    """The findings on the parameters of parts as those of ordinary models, the last part first.

    A part is judged where what reaches it is known: right, or wrong for the mistakes of later parts, which are then made there,
    too. Parameters of several parts, and those of each step, are left out.
    """

    known: Composed
    theirs: Arrays

    def told(self) -> tuple[dict[str, Finding], dict[str, Array]]:
        """The findings, and all gradients with the mistakes that were found."""
        point, chain = self.known.point, self.known.point.chain
        readers = list(joined.from_iterable({v.name for v in part.model.parameters} for part in chain.parts))
        found, wrong, lost, unclear = dict[str, Finding](), dict[int, Mapping[str, Array]](), tuple[Slip, ...](), set[str]()
        for number in reversed(range(len(chain.parts))):
            part = chain.parts[number]
            outputs = {v.name for v in part.model.outputs}
            own = {v.name: self.theirs[v.name] for v in part.model.parameters
                   if v.tied and v.name in self.theirs and readers.count(v.name) == 1}
            if unclear & outputs:
                unclear |= {link.source for link in part.links}
                continue
            if (slipped := self._slipped(outputs, own, lost, wrong)) is not None:
                suspects = tuple(Suspect(_cause(chain, slip), True) for slip in slipped)
                found |= {name: Finding(name, WRONG, 0.0, suspects) for name in own if slipped}
                lost += slipped
                continue
            graph, data = through_parts(point, *lost, found=wrong)[1][-1 - number]
            made = case(graph.model, parameters=data.parameters, inputs=data.inputs, targets=data.targets, states=data.states,
                        mask=data.mask, weights=data.weights)
            told, mistakes = explained(made, given(made, own, {})[0])
            where = heading(number + 1, part) + ", whose step 1 is the last step" * part.backward
            found |= {f.gradient: _placed(f, where) for f in told if not (f.right and wrong)}
            if mistakes:
                wrong[number] = predicted(together(mistakes), made)
            else:
                unclear |= {link.source for link in part.links}
        return found, through_parts(point, *lost, found=wrong)[0]

    def _slipped(self, outputs: Set[str], own: Arrays, lost: tuple[Slip, ...], wrong: Found) -> tuple[Slip, ...] | None:
        """What a part that gives `own` is not handed back, on top of what is wrong elsewhere: nothing, if that explains it."""
        parts = self.known.point.chain.parts
        links = [slip for slip in slips(self.known.point.chain) if slip.kind == LINK
                 and next(link for link in parts[slip.number].links if link.name == slip.name).source in outputs]
        for tried in ((), *((slip,) for slip in links if slip not in lost)):
            other = lost or tried or wrong
            numbers = through_parts(self.known.point, *lost, *tried, found=wrong)[0] if other else self.known.right
            if own.keys() <= equal(self.known, own, numbers):
                return tried
        return None


def _placed(finding: Finding, where: str) -> Finding:
    """A finding on a part: its causes have the numbers and the steps of the part, which the whole model does not have."""
    suspects = tuple(replace(s, cause=replace(s.cause, number=0)) for s in finding.suspects)
    return finding if finding.right else replace(finding, suspects=suspects, note=f"told in the steps and equations of {where}")
