"""A random model: states and intermediates in a random order, and a loss over them. The same for the same seed and number."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from types import MappingProxyType

import sympy as sp

from symbptt.algebra.nodes import dimension
from symbptt.fuzz.draft import Draft
from symbptt.fuzz.expression import SCALAR, Expression, Shape
from symbptt.fuzz.grammar import expression, within
from symbptt.fuzz.maker import Maker
from symbptt.fuzz.poles import with_poles

States = list[tuple[str, Shape | None]]
"""States with their shapes."""

LONGEST = 1500
"""The most characters of a right side; the reader takes more, but nothing is learned from it."""

_SQUASHED = ("tanh({0})", "sigmoid({0})", "sin({0})", "hard_tanh({0} + 0.0123)")


def draft(seed: int, number: int, words: bool = False) -> Draft:
    """The random model with this number; with `words` another one, all of whose names are words of emitted code."""
    rng = Random(f"symbptt {seed} {number}")
    while True:
        made = _draft(Maker(rng, words), f"Random model {number} of seed {seed}" + ", in words of code" * words)
        short = max(len(value.text()) for value in made.expressions()) <= LONGEST
        if short and made.tells_sizes() and (made.tells_steps() or rng.random() < 0.1):
            return made


def _draft(maker: Maker, note: str) -> Draft:
    declare_leaves(maker)
    states = declare_states(maker)
    made = finished(maker, equations(maker, states), states, note)
    return made if maker.words else with_poles(made, Random(note))


def equations(
    maker: Maker, states: States, stem: str = "v", extra: Mapping[str, Callable[[], Expression]] = MappingProxyType({})
) -> list[tuple[str, Expression]]:
    """Those of states, one to three others, and `extra` ones, in a random order."""
    rng = maker.rng
    todo: list[tuple[str, Shape | None]] = [*states, *((maker.named(f"{stem}{i}"), None) for i in range(1, rng.randint(2, 4)))]
    todo += [(name, None) for name in extra]
    rng.shuffle(todo)
    made = []
    for name, shape in todo:
        value = _state(maker, name, shape) if shape else extra[name]() if name in extra else _other(maker)
        value = value if value.parts else Expression("identity({0})", value.shape, (value,), size=value.size, flat=value.flat)
        made.append((name, value))
        maker.readable.append(Expression(name, shape or value.shape, reads=name, size=value.size, flat=value.flat))
    return made


def _other(maker: Maker) -> Expression:
    return expression(maker, maker.shape(), maker.rng.randint(1, 3))


def finished(maker: Maker, made: list[tuple[str, Expression]], states: States, note: str) -> Draft:
    """Equations with a loss, and all else that a draft has."""
    rng = maker.rng
    loss = None if maker.chance(0.04) else _loss(maker)
    learned = tuple((name, _start(maker, name)) for name, shape in states if maker.chance(0.12))
    has_statistics = any("batch_norm" in value.text() for _, value in made)
    free = "mask" not in maker.used  # what freeze = true adds is called so
    draft = Draft(
        tuple(maker.declared), tuple(made), loss, maker.choose(("every", "every", "last")), rng.randint(1, 4),
        rng.randint(1, 3), maker.dims, rng.randrange(10**6), maker.chance(0.3), masked=maker.chance(0.2),
        reduction=maker.choose(("sum", "sum", "sum", "mean")), freeze=bool(states) and maker.chance(0.1) and free,
        training=not (has_statistics and maker.chance(0.25)), learned=learned, note=note,
    )
    return draft.with_roles(dict(maker.mood.roles))


def _start(maker: Maker, state: str) -> str:
    """A new parameter, which nothing reads, of the shape of a state."""
    like = next(d for d in maker.declared if d.name == state)
    name = maker.named(f"{state}_start")
    maker.declared.append(replace(like, name=name, section="parameters"))
    return name


def declare_leaves(maker: Maker) -> None:
    """One or two inputs that every model reads, perhaps an index, which only embed reads."""
    for wish in ("x", "u")[: maker.rng.randint(1, 2)]:
        name = maker.named(wish)
        shape = maker.shape(scalar=0.15, matrix=0.08)
        maker.declare(name, "inputs", shape)
        maker.readable.append(Expression(name, shape, reads=name))
    if maker.chance(0.15):
        classes = maker.named("V")
        maker.declare(maker.named("i"), "inputs", (maker.choose((dimension(classes), sp.Integer(3))), sp.S.One), prefix="index ")
        maker.dims[classes] = maker.rng.randint(1, 4)


def declare_states(maker: Maker, wishes: str = "hcm", least: int = 0, shapes: Sequence[Shape] = ()) -> States:
    """So many states as the mood has, but at `least` some; the first ones have these shapes."""
    states: States = []
    for wish in wishes[: max(least, maker.choose(maker.mood.states))]:
        name = maker.named(wish)
        shape = shapes[len(states)] if len(states) < len(shapes) else maker.shape()
        maker.declare(name, "states", shape)
        # Twice, so that recurrence is more likely than a new parameter.
        maker.readable += [Expression(f"{name}[t-1]", shape, reads=name, flat=True)] * 2
        states.append((name, shape))
    return states


def _state(maker: Maker, name: str, shape: Shape) -> Expression:
    """The equation of a state: most of the time recurrent and bounded; now and then a scalar fills it."""
    if maker.chance(0.04):
        return expression(maker, SCALAR, 2)
    value = expression(maker, shape, maker.rng.randint(1, 3))
    if maker.chance(0.75):
        before = _own_past(maker, name, shape)
        sign = maker.choose("++-*")
        value = Expression(f"({{0}} {sign} {{1}})", shape, (value, before), size=value.size + 2.5, flat=True)
    if maker.chance(0.2):
        return within(value, 2)
    inner = within(value, 3)
    return Expression(maker.choose(_SQUASHED), value.shape, (inner,), size=1, flat=True)


def _own_past(maker: Maker, name: str, shape: Shape) -> Expression:
    past = Expression(f"{name}[t-{maker.choose((1, 1, 1, 1, 2, 3))}]", shape, reads=name, flat=True)
    if shape != SCALAR and maker.chance(0.6):
        return Expression("({0} @ {1})", shape, (maker.leaf((shape[0], shape[0])), past), flat=True)
    gate = expression(maker, shape if maker.chance(0.7) else SCALAR, 1)
    return Expression("({0} * {1})", shape, (gate, past), size=2.5 * gate.size, flat=True) if maker.chance(0.7) else past


def _loss(maker: Maker) -> Expression:
    """One or two summands: losses by name and free scalar expressions, which may read everything."""
    maker.in_loss = True
    first = _named_loss(maker) if maker.chance(0.65) else expression(maker, SCALAR, 3)
    if maker.chance(0.6):
        return first if first.parts else Expression("sum({0})", SCALAR, (first,))
    second = expression(maker, SCALAR, 2) if maker.chance(0.7) else _named_loss(maker)
    return Expression(f"{{0}} + {maker.number(0.1, 2)} * {{1}}", SCALAR, (first, second), size=first.size + second.size)


def _named_loss(maker: Maker) -> Expression:
    form = maker.choose((
        "softmax_cross_entropy({0}, {1})", "softmax_cross_entropy({0}, {1})", "squared_error({0}, {1})", "mse({0}, {1})",
        "binary_cross_entropy({0}, {1})", "huber({0}, {1})", "huber({0}, {1}, delta=0.5)",
    ))
    of_vectors = form.startswith("softmax")
    shape = maker.shape(scalar=0.1, matrix=0.0 if of_vectors else 0.15)
    computed = [leaf for leaf in maker.readable if leaf.shape[1] == 1 and not maker.is_parameter(leaf)]
    if computed and maker.chance(0.6):
        output = computed[-1]
        shape = output.shape
    else:
        output = within(expression(maker, shape, maker.rng.randint(1, 2)), 4)
    wanted = maker.target(shape) if maker.chance(0.85) else expression(maker, shape, 1)
    return Expression(form, SCALAR, (output, wanted), size=10)
