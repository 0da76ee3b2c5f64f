"""A complex state beside the rest of a random model: a diagonal recurrence with a pole per entry, which the loss reads."""

from dataclasses import replace
from random import Random

from symbptt.fuzz.draft import Declared, Draft
from symbptt.fuzz.expression import SCALAR, Expression, Shape

_READ = ("sum(real({0}))", "sum(abs({0} + complex(3, imag({0}))))", "sum(real({0} * conj({0} / (2.5 + {0} ** 2 * 0.1))))")
_STATE, _RATE, _ANGLE, _WEIGHTS = "spin", "spin_rate", "spin_angle", "spin_in"


def with_poles(draft: Draft, random: Random) -> Draft:
    """The draft with such a state now and then, where it has an input to read, a loss, and no name in the way."""
    vectors = [d for d in draft.used() if d.section == "inputs" and not d.prefix and d.shape[1] == 1]
    if random.random() >= 0.06 or not vectors or draft.loss is None or any(d.name.startswith(_STATE) for d in draft.declared):
        return draft
    given = random.choice(vectors)
    shape: Shape = given.shape
    new = (
        Declared(_STATE, "states", shape, suffix=" complex"),
        Declared(_RATE, "parameters", shape), Declared(_ANGLE, "parameters", shape),
        Declared(_WEIGHTS, "parameters", (shape[0], shape[0]), suffix=" complex"),
    )
    rate, angle, weights, x = (Expression(name, shape, reads=name) for name in (_RATE, _ANGLE, _WEIGHTS, given.name))
    past = Expression(f"{_STATE}[t-1]", shape, reads=_STATE)
    pole = Expression("exp(complex(-sigmoid({0}), {1}))", shape, (rate, angle))
    value = Expression("{0} * {1} + {2} @ {3}", shape, (pole, past, weights, x))
    read = Expression(random.choice(_READ), SCALAR, (Expression(_STATE, shape, reads=_STATE),))
    loss = Expression("{0} + 0.37 * {1}", SCALAR, (draft.loss, read))
    return replace(draft, declared=(*draft.declared, *new), equations=(*draft.equations, (_STATE, value)), loss=loss)
