"""A composed model as a program has it, with a length for each phase."""

from dataclasses import dataclass, fields

import sympy as sp

from symbptt.algebra.nodes import dimension
from symbptt.compose.chain import Chain
from symbptt.errors import BadInput
from symbptt.model.values import Role, Variable
from symbptt.program.ir import STEPS


@dataclass(frozen=True, repr=False)
class Whole(Chain):
    """A composed model as a program has it: its states are those that may be given, `lengths` the steps of each part."""

    lengths: tuple[sp.Expr, ...] = ()

    @property
    def states(self) -> tuple[Variable, ...]:
        """The states whose initial value may be given."""
        return self.given_states

    @property
    def buffers(self) -> tuple[Variable, ...]:
        """The constants."""
        return self.of(Role.BUFFER)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The named dimensions, those that count steps among them."""
        return tuple(sorted({*super().dimensions, *(length.name for length in self.lengths if length != STEPS)}))

    @property
    def steps(self) -> dict[str, sp.Expr]:
        """The number of steps of variables, where it is not T."""
        found: dict[str, sp.Expr] = {}
        for part, length in zip(self.parts, self.lengths, strict=True):
            if length != STEPS:
                found |= {v.name: length for v in (*part.own, *part.model.outputs)}
        return found


def whole(chain: Chain) -> Whole:
    """The model with a length for each phase: T for the last one, its `steps`, or T_phase. Raises BadInput for a phase without
    inputs, whose length no array tells."""
    for part in chain.parts:
        inputs = {v.name for p in chain.parts if p.phase == part.phase for v in p.model.of(Role.INPUT) if v.name not in p.linked}
        if not inputs:
            raise BadInput(f"{chain.name}: in C each phase needs an input, which tells the number of its steps")
    last = chain.parts[-1].phase
    lengths = tuple(STEPS if part.phase == last else dimension(chain.length(part)) for part in chain.parts)
    return Whole(**{f.name: getattr(chain, f.name) for f in fields(Chain)}, lengths=lengths)
