"""A random composed model: two directions of time, or phases that hand on states and are attended; of the same random parts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from types import MappingProxyType

import sympy as sp

from symbptt.algebra.nodes import dimension
from symbptt.compose import read
from symbptt.errors import SymbpttError, UnknownSize
from symbptt.fuzz.draft import Draft
from symbptt.fuzz.expression import SCALAR, Expression, Shape
from symbptt.fuzz.generate import LONGEST, declare_leaves, declare_states, equations, finished
from symbptt.fuzz.grammar import expression, within
from symbptt.fuzz.maker import Maker
from symbptt.fuzz.poles import with_poles

_ORDERS = ((False, True), (True, False), (True,))
"""Directions that are computed one after the other: whether it is the backward one."""
_WISHES = (("hcm", "v"), ("bdg", "w"))
"""What the states and the other left sides of the first and of the second direction are called."""


def composed(seed: int, number: int, words: bool = False) -> Draft:
    """The random composed model with this number; the same every time. With `words` as of `generate.draft`."""
    rng = Random(f"symbptt composed {seed} {number}")
    note = f"Random composed model {number} of seed {seed}" + ", in words of code" * words
    while True:
        maker = Maker(rng, words)
        made = _phases(maker, note) if maker.chance(0.6) else _alone(maker, note)
        short = max(len(value.text()) for phase in made.phases for value in phase.expressions()) <= LONGEST
        if short and all(phase.reads_inputs() for phase in made.phases) and _tells_sizes(made):
            return made


def _tells_sizes(draft: Draft) -> bool:
    """Whether each part by itself shows the size of every dimension; whatever else a reader objects to is for the trial."""
    try:
        read.from_text(draft.text(), "fuzz.toml", "fuzz")
    except UnknownSize:
        return False
    except SymbpttError:
        pass
    return True


def _alone(maker: Maker, note: str) -> Draft:
    made = _directions(maker, note, maker.choose(_ORDERS))
    return made if maker.words else with_poles(made, Random(note))


def _directions(
    maker: Maker, note: str, order: tuple[bool, ...], shapes: Sequence[Shape] = (),
    extra: Mapping[str, Callable[[], Expression]] = MappingProxyType({}),
) -> Draft:
    """One phase; its second direction reads values of the first one at the same step, or none."""
    declare_leaves(maker)
    states, made, backward = list[tuple[str, Shape | None]](), list[tuple[str, Expression]](), set[str]()
    every, linked = list[Expression](), maker.chance(0.7)
    for back, (wishes, stem) in zip(order, _WISHES, strict=False):
        first = [e for e in maker.readable if e.reads in dict(states) and linked]
        mine = declare_states(maker, wishes, *((1, ()) if made else (max(1, len(shapes)), shapes)))
        found = equations(maker, mine, stem, {} if made else extra)
        if first and not back:
            ahead = dict(mine)
            found = [(name, _reading(maker, value, maker.choose(first)) if name in ahead else value) for name, value in found]
        if back:
            backward |= dict(mine).keys()
            found = [(name, _turned(value, backward)) for name, value in found]
        states, made = states + mine, made + found
        every += [leaf for leaf in maker.readable if "[t-" not in leaf.form]
        maker.readable = [e for e in every if linked or maker.is_declared(e, "inputs", "parameters")]
        maker.pool = []
    maker.readable = [*dict.fromkeys(every)]
    return replace(finished(maker, made, states, note), backward=tuple(sorted(backward)))


def _reading(maker: Maker, value: Expression, other: Expression) -> Expression:
    """A value that depends on another one: whatever recurs after a direction is computed after it as a whole."""
    form = f"({{0}} + {maker.number(0.1, 0.5)} * sin(mean({{1}})))"
    return Expression(form, value.shape, (value, other), size=value.size + 0.5)


def _turned(value: Expression, backward: set[str]) -> Expression:
    """The expression with the states of the backward direction one step later for one earlier."""
    for place in value.places():
        leaf = value.at(place)
        if leaf.reads in backward:
            value = value.having(place, replace(leaf, form=leaf.form.replace("[t-", "[t+")))
    return value


def _phases(maker: Maker, note: str) -> Draft:
    """Two phases, now and then three; each takes something of the ones before."""
    maker.mood = replace(maker.mood, roles=())
    names = ("encoder", "decoder", "third") if maker.chance(0.5) else ("T", "x", "loss")
    made: list[Draft] = []
    count = 3 if maker.chance(0.2) else 2
    for number, name in enumerate(names[:count], 1):
        own = maker.after(number) if made else maker
        if made and maker.chance(0.3):
            own.declared = [d for d in made[-1].declared if d.section == "parameters"]
            own.readable = [e for e in maker.readable if own.is_parameter(e) and "[t]" not in e.form]
        draft = replace(_phase(own, made, note), phase=name)
        if number < count:
            draft = replace(draft, loss=None, steps=own.named("S"))
        if draft.freeze:
            maker.used.add("mask")
        made.append(draft)
    return replace(made[-1], before=tuple(made[:-1]))


def _phase(maker: Maker, before: list[Draft], note: str) -> Draft:
    memory, finals, shapes = list[tuple[str, str]](), list[str](), list[Shape]()
    extra = dict[str, Callable[[], Expression]]()
    for draft in before[-1 if maker.chance(0.7) else 0 :]:
        handed = _handed(draft)
        vectors = [item for item in handed if item[1][1] == 1]
        if vectors and maker.chance(0.7):
            name, shape = maker.choose(vectors)
            memory.append((maker.named(f"M{len(memory)}"), f"{draft.phase}.{name}"))
            M = Expression(memory[-1][0], (dimension(draft.steps), shape[0]), reads=memory[-1][0])
            if shape == SCALAR:
                maker.readable.append(M)
            else:
                extra[maker.named(f"a{len(memory)}")] = lambda M=M: _attention(maker, M)  # type: ignore[misc]
        known = [item for item in handed if item[1] != SCALAR]
        if known and (maker.chance(0.6) or not memory) and len(shapes) < 2:
            name, shape = maker.choose(known)
            finals.append(f"{draft.phase}.{name}")
            shapes.append(shape)
    order = maker.choose(_ORDERS) if maker.chance(0.3) else (False,)
    made = _directions(maker, note, order, shapes, extra)
    states = [d.name for d in made.declared if d.section == "states"]
    pairs = tuple(zip(states, finals, strict=False))
    learned = tuple(pair for pair in made.learned if pair[0] not in dict(pairs))
    return replace(made, memory=tuple(memory), finals=pairs, learned=learned)


def _handed(draft: Draft) -> list[tuple[str, Shape]]:
    """The values of a phase that a later one can take."""
    declared = {d.name: d.shape for d in draft.declared if d.section in ("states", "inputs") and not d.prefix}
    read = draft.reads()
    inputs = [(d.name, d.shape) for d in draft.used() if d.section == "inputs" and not d.prefix]
    left = ((name, value.shape) for name, value in draft.equations if name in declared or name not in read)
    return [*((name, declared.get(name, shape)) for name, shape in left), *inputs]


def _attention(maker: Maker, M: Expression) -> Expression:
    """The rows of a memory, weighed by their scores with a query: their products, or a layer over both."""
    rows, n = M.shape
    vector: Shape = (n, sp.S.One)
    if maker.chance(0.5):
        score = Expression("{0} @ {1}", (rows, sp.S.One), (M, within(expression(maker, vector, 2), 3)))
    else:
        A = maker.dimension()
        W, w, q = maker.leaf((A, n)), maker.leaf((A, sp.S.One)), within(expression(maker, (A, sp.S.One), 1), 3)
        form = f"tanh({{0}} @ {{1}}.T + outer(ones({rows}), {{2}})) @ {{3}}"
        score = Expression(form, (rows, sp.S.One), (M, W, q, w))
    masks = [leaf for leaf in maker.readable if leaf.shape == (rows, sp.S.One) and not maker.is_parameter(leaf)]
    if masks:
        score = Expression("{0} - 2 * (1 - {1})", score.shape, (score, maker.choose(masks)))
    return Expression("{0}.T @ softmax({1})", vector, (M, score))
