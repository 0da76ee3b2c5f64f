"""Gradients of a composed model by the derivations of its parts: what a part hands back is the cotangent of what it reads."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np

from symbptt import derive
from symbptt.algebra import tidy
from symbptt.compose.chain import How, Link, Part
from symbptt.compose.cotangents import with_cotangents
from symbptt.compose.referee import Point, turned
from symbptt.compose.slips import LINK, ONE_STEP, SHARE, TURN_BACK, TURN_IN, UNMASKED, Slip
from symbptt.data.arrays import leading_axes, shape
from symbptt.data.values import Array, Data
from symbptt.derive.adjoint import AdjointSystem
from symbptt.derive.numeric import run
from symbptt.model.values import Model, Role, Variable
from symbptt.unroll.graph import UnrolledGraph, steps

Pairs = tuple[tuple[Variable, Variable], ...]
"""The outputs of a part, each with the target that is its cotangent."""
Found = Mapping[int, Mapping[str, Array]]
"""The gradients of parts by their numbers, in the parts' own time."""


def through_parts(
    point: Point, *slips: Slip, found: Found | None = None
) -> tuple[dict[str, Array], list[tuple[UnrolledGraph, Data]]]:
    """The gradients of a composed model by name, and each part as a model with a loss at its own data, the last part first.

    `slips` are made on the way. `found` has gradients of parts, by number, that stand in the place of the derivation's.
    """
    point = replace(point, slips=slipped) if (slipped := frozenset(s for s in slips if s.forward)) else point
    lost = {(s.kind, s.number, s.name) for s in slips}
    chain, gradients = point.chain, dict[str, Array]()
    cotangents = dict(point.data.cotangents) if chain.loss is None else {}
    used: list[tuple[UnrolledGraph, Data]] = []
    for number in reversed(range(len(chain.parts))):
        part, (data, _) = chain.parts[number], point.evaluated[number]
        graph, handed, system = _derived(part.model, point.T[number])
        if handed:
            data = weighed(replace(part, backward=part.backward and (TURN_IN, number, "") not in lost), data, handed, cotangents)
        done = run(graph, *data.groups, data.mask, data.weights)
        for name in (name for kind, n, name in lost if (kind, n) == (UNMASKED, number)):
            mask = [part.model[name].at(t) for t in range(1, point.T[number] + 1)]
            done.values.leaves.update({symbol: np.ones_like(done.values.leaves[symbol]) for symbol in mask})
        values = system.of_run(done) | dict((found or {}).get(number, {}))
        used.append((graph, data))
        sources = {link.name: link for link in part.links}
        for v in part.model.with_gradient:
            if lost & {(LINK, number, v.name), (SHARE, number, v.name)}:
                continue
            turns = "T" in leading_axes(v) and (TURN_BACK, number, "") not in lost
            value = turned(part, values[v.name], v) if turns else values[v.name]
            for kind, rows in ONE_STEP.items():
                value = value[rows] if (kind, number, v.name) in lost else value
            if v.name in sources:
                value = back(point, sources[v.name], value)
            name = sources[v.name].source if v.name in sources else v.name
            into = cotangents if v.name in sources and inside(point, name) else gradients
            into[name] = into[name] + value if name in into else value
    return {v.name: gradients.get(v.name, np.zeros(point.data.value(v).shape)) for v in chain.with_gradient}, used


@lru_cache(maxsize=32)
def _derived(part: Model, T: int) -> tuple[UnrolledGraph, Pairs, AdjointSystem]:
    """A part with a loss as a graph, the outputs with their cotangents, and its adjoints: the same for all slips."""
    model, handed = _with_kept(part, *with_cotangents(part))
    graph = steps(model, T)
    return graph, handed, derive.adjoints(graph)


def _with_kept(part: Model, model: Model, pairs: Pairs) -> tuple[Model, Pairs]:
    """The same with cotangents for the outputs that no file names, too: earlier values kept as states, h[t-2] at t-1."""
    known = {v.name for v, _ in pairs}
    more = tuple((v, replace(pairs[0][1], name=f"cotangent of {v.name}", shape=v.shape, rows=v.rows, columns=v.columns))
                 for v in part.outputs if pairs and v.name not in known)
    if model.loss is None or not more:
        return model, pairs
    last = model.loss.equations[-1]
    value = tidy.add(last.value, *(tidy.total(tidy.hadamard(r.at(), v.at())) for v, r in more))
    loss = replace(model.loss, equations=(*model.loss.equations[:-1], replace(last, value=value)))
    return replace(model, variables=(*model.variables, *(r for _, r in more)), loss=loss), (*pairs, *more)


def weighed(
    part: Part, data: Data, pairs: Iterable[tuple[Variable, Variable]], cotangents: Mapping[str, Array]
) -> Data:
    """A part's data with the cotangents of its outputs, (steps, N, ...), as targets; zero where there is none."""
    weights = {v.name: turned(part, cotangents[v.name], v) for v, _ in pairs if v.name in cotangents}
    return replace(data, targets={r.name: weights.get(v.name, _zero(v, data)) for v, r in pairs})


def inside(point: Point, name: str) -> bool:
    """Whether a value is computed, rather than an input of the model."""
    return name not in {v.name for v in point.chain.of(Role.INPUT)}


def _zero(variable: Variable, data: Data) -> Array:
    return np.zeros((data.T, data.N, *shape(variable, data.dims)))


def back(point: Point, link: Link, gradient: Array) -> Array:
    """The gradient of what was handed on, as that of its source at all steps."""
    if link.how is How.STEPS:
        return gradient
    if link.how is How.MEMORY:
        return np.swapaxes(gradient.sum(axis=0), 0, 1)
    origin = point.chain.origin(link)
    made = np.zeros((point.T[point.chain.parts.index(origin)], *gradient.shape))
    made[point.chain.end(link)] = gradient
    return made
