"""What goes wrong between parts: a gradient is not handed on, a sequence is not turned, a mask is left out."""

from collections.abc import Iterator
from dataclasses import dataclass

from symbptt.compose.chain import Chain, How

LINK, SHARE, TURN_IN, TURN_BACK, UNMASKED = "link", "share", "turn-in", "turn-back", "unmasked"
"""What a slip leaves out: the gradient of a link, a part's share of a gradient, the turning of what is handed on to a part in the
backward direction or of what it hands back, the mask of a part."""

ONE_STEP = {"first-alone": slice(0, 1), "last-alone": slice(-1, None)}
"""Of a memory's gradients at all steps that of the first or of the last one alone is handed back, by the kind of slip."""


@dataclass(frozen=True)
class Slip:
    """Something left out between parts: of part `number` (from 0), and about its variable `name` where one is meant.

    With `forward` the values go wrong in the same way as the gradients: what the part reads or gives is not turned, or
    not masked.
    """

    kind: str
    number: int
    name: str = ""
    forward: bool = False


def slips(chain: Chain) -> tuple[Slip, ...]:
    """Everything that can be left out between the parts of a model."""
    return tuple(slip for number in range(len(chain.parts)) for slip in _of_part(chain, number))


def unsummed(chain: Chain) -> tuple[Slip, ...]:
    """The memories whose gradients may not be added up over the steps that read them."""
    return tuple(Slip(kind, number, link.name) for number, part in enumerate(chain.parts) for link in part.links
                 if link.how is How.MEMORY for kind in ONE_STEP)


def _of_part(chain: Chain, number: int) -> Iterator[Slip]:
    part = chain.parts[number]
    yield from (Slip(LINK, number, link.name) for link in part.links)
    rest = (other for other in chain.parts if other is not part)
    others = {v.name for other in rest for v in other.model.with_gradient if v.name not in other.linked}
    yield from (Slip(SHARE, number, v.name) for v in part.model.with_gradient if v.name in others - part.linked)
    if part.backward:
        yield from (Slip(kind, number, forward=forward) for forward in (False, True) for kind in (TURN_IN, TURN_BACK))
    given = {v.name for v in chain.variables if v.mask}
    masks = [v.name for v in part.own if v.mask] + [link.name for link in part.links if link.source in given]
    yield from (Slip(UNMASKED, number, mask, forward=forward) for mask in masks for forward in (False, True))
