"""Questions about what is lost between the parts of a composed model: which gradients are wrong then, and what explains them."""

from dataclasses import dataclass
from functools import cached_property
from random import Random

import numpy as np

from symbptt.compose import Chain
from symbptt.compose.handed import through_parts
from symbptt.compose.referee import drawn
from symbptt.compose.slips import Slip, slips
from symbptt.diagnose.between_parts import CAUSES, called
from symbptt.document.composed import pitfalls
from symbptt.document.composed.members import members
from symbptt.document.context import DocumentContext
from symbptt.mistakes import named
from symbptt.model.values import Model, Variable
from symbptt.narrative.inline import Prose
from symbptt.narrative.presentation import Presentation
from symbptt.quiz.context import SAMPLES, STEPS
from symbptt.quiz.kinds.choices import OPTIONS
from symbptt.quiz.point import SIZE
from symbptt.quiz.question import Choice, Option

Names = frozenset[str]


@dataclass(frozen=True)
class Between:
    """A composed model, told in one presentation."""

    chain: Chain
    presentation: Presentation

    @cached_property
    def document(self) -> DocumentContext:
        """The same for parts of documents."""
        return DocumentContext(tuple(member.model for member in members(self.chain)), STEPS, presentation=self.presentation,
            chain=self.chain)

    @cached_property
    def wrong(self) -> dict[Slip, Names]:
        """What may be left out on the way back, each with the parameters whose gradients are wrong then."""
        point = drawn(self.chain, dict.fromkeys(self.chain.dimensions, SIZE), STEPS, SAMPLES, 0)
        right, found = through_parts(point)[0], dict[Slip, Names]()
        for slip in slips(self.chain):
            if not slip.forward:
                given = through_parts(point, slip)[0]
                found[slip] = frozenset(v.name for v in self.chain.parameters if not np.allclose(given[v.name], right[v.name]))
        return {slip: names for slip, names in found.items() if names}

    def listed(self, names: Names) -> Prose:
        """Parameters in the order of the file."""
        return self.presentation.listed(self.presentation.name(v, self._reader(v)) for v in self.chain.parameters
            if v.name in names)

    def _reader(self, variable: Variable) -> Model:
        return next(m.model for m in members(self.chain) if variable.name in {v.name for v in m.model.variables})


def effect(context: Between, random: Random) -> Choice | None:
    """Something is lost: which parameters get a wrong gradient? Other answers are those to other losses."""
    if not context.wrong:
        return None
    slip, right = random.choice(list(context.wrong.items()))
    others = {names: named(called(context.chain, other)).said(context.presentation)
              for other, names in context.wrong.items() if names != right}
    more = [frozenset((v.name,)) for v in context.chain.parameters] + [frozenset(v.name for v in context.chain.parameters)]
    others |= {names: () for names in more if names != right and names not in others}
    chosen = random.sample(list(others.items()), min(OPTIONS - 1, len(others)))
    lost = pitfalls.sentence(slip, members(context.chain)[slip.number], context.document)
    options = [Option(context.listed(right), True), *(Option(context.listed(n), False, said) for n, said in chosen)]
    return _choice("effect", context, random, slip, lost, options)


def cause(context: Between, random: Random) -> Choice | None:
    """Some gradients are wrong: which mistake explains it? No other answer can."""
    causes: dict[Names, set[str]] = {}
    for slip, names in context.wrong.items():
        causes.setdefault(names, set()).add(called(context.chain, slip))
    clear = [slip for slip, names in context.wrong.items() if len(causes[names]) == 1]
    if not clear:
        return None
    slip = random.choice(clear)
    right = called(context.chain, slip)
    others = random.sample([name for name in CAUSES if name != right], OPTIONS - 1)
    options = [Option(named(name).said(context.presentation), name == right) for name in (right, *others)]
    return _choice("cause", context, random, slip, context.listed(context.wrong[slip]), options)


def _choice(kind: str, context: Between, random: Random, slip: Slip, said: Prose, options: list[Option]) -> Choice | None:
    if len(options) < 3:
        return None
    random.shuffle(options)
    return Choice(kind=kind, title=context.presentation.prose(f"quiz.{kind}.title"), about=frozenset((str(slip),)),
                  options=tuple(options),
                  body=(context.presentation.prose(f"quiz.{kind}.question", said=said),))
