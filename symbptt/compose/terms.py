"""The terms of all parts at a point: one walk of the last part, and one of an earlier part for each loss step and way."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from symbptt import derive
from symbptt.analyze.data import evaluated
from symbptt.compose.chain import How, Link, Part
from symbptt.compose.cotangents import with_cotangents
from symbptt.compose.handed import Pairs, back, inside, weighed
from symbptt.compose.referee import Point
from symbptt.data.arrays import leading_axes, shape, size
from symbptt.data.values import Array, Data
from symbptt.derive.walk import visits
from symbptt.model.values import Role, Variable
from symbptt.unroll.graph import UnrolledGraph, steps

Way = frozenset[How]
"""How a gradient came to a part: through a memory, through an initial state, through both, or neither."""
DIRECT: Way = frozenset()
Key = TypeVar("Key")


@dataclass(frozen=True)
class Found:
    """The terms of a variable in part `number` (from 1), (T, K, N, rows, columns) with N = 1 for parameters, by way; steps are
    counted in the order of the model. `reach` (T, K) says where there can be some."""

    variable: Variable
    number: int
    ways: Mapping[Way, Array]
    reach: Array

    @property
    def whole(self) -> Array:
        """The terms, whatever way they came."""
        return sum(self.ways.values(), np.zeros(()))


@dataclass
class _Sums:
    """What has come so far for one name."""

    ways: dict[Way, Array]
    reach: Array

    def add(self, way: Way, value: Array, reach: Array) -> None:
        self.ways[way] = self.ways[way] + value if way in self.ways else value
        self.reach = self.reach | reach


def swept(point: Point) -> tuple[Found, ...]:
    """The terms of everything that has a gradient, of a model with a loss, the last part first."""
    chain, handed, terms = point.chain, dict[str, _Sums](), dict[tuple[int, str], _Sums]()
    for number in reversed(range(len(chain.parts))):
        part = chain.parts[number]
        model, pairs = with_cotangents(part.model)
        graph = replace(steps(model, point.T[number]), truncation=point.truncation)
        links = {link.name: link for link in part.links}
        mine = [handed[v.name] for v, _ in pairs if v.name in handed]
        arrived = np.logical_or.reduce([item.reach for item in mine]) if pairs else np.eye(graph.T, dtype=bool)
        for way in dict.fromkeys(way for item in mine for way in item.ways) if pairs else (DIRECT,):
            came = {v.name: handed[v.name].ways[way] for v, _ in pairs if v.name in handed and way in handed[v.name].ways}
            found = _walked(point, number, graph, came, pairs)
            for v in part.model.with_gradient:
                value, reach = found[v.name], _reach(part, graph, v, arrived)
                if v.name not in links:
                    _put(terms, (number, v.name), way, value, reach)
                    continue
                link = links[v.name]
                value, reach = _back(point, link, v, value, reach)
                onward = way | ({link.how} - {How.STEPS})
                if inside(point, link.source):
                    _put(handed, link.source, onward, value, reach)
                else:
                    _put(terms, (chain.parts.index(chain.origin(link)), link.source), onward, value, reach)
    return tuple(
        Found(chain[name], number + 1, {w: _matrices(point, chain[name], a) for w, a in sums.ways.items()}, sums.reach)
        for (number, name), sums in terms.items()
    )


def sums(point: Point, found: tuple[Found, ...] | None = None) -> dict[str, Array]:
    """The gradients, each the sum of its terms: over all steps where these share one value."""
    made = {v.name: np.zeros(point.data.value(v).shape) for v in point.chain.with_gradient}
    for item in swept(point) if found is None else found:
        whole = item.whole.sum(axis=0 if "T" in leading_axes(item.variable) else (0, 1))
        made[item.variable.name] = made[item.variable.name] + whole.reshape(made[item.variable.name].shape)
    return made


def _put(into: dict[Key, _Sums], key: Key, way: Way, value: Array, reach: Array) -> None:
    into.setdefault(key, _Sums({}, np.zeros_like(reach))).add(way, value, reach)


def _matrices(point: Point, variable: Variable, terms: Array) -> Array:
    """Terms (T, K, N, ...) as matrices."""
    return terms.reshape(*terms.shape[:3], *(size(extent, point.data.dims) for extent in (variable.rows, variable.columns)))


def _walked(point: Point, number: int, graph: UnrolledGraph, came: Mapping[str, Array], pairs: Pairs) -> dict[str, Array]:
    """The terms (T, K, N, ...) of a part by name, in the order of the steps; `came` are its cotangents (T, steps, N, ...)."""
    part, (data, _) = point.chain.parts[number], point.evaluated[number]
    if pairs:
        rows = [_terms(graph, weighed(part, data, pairs, {name: a[t] for name, a in came.items()}), False)
                for t in range(point.T[-1])]
        found = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    else:
        found = _terms(graph, data, True)
    return {name: np.flip(value, 1) if part.backward else value for name, value in found.items()}


def _terms(graph: UnrolledGraph, data: Data, apart: bool) -> dict[str, Array]:
    """The terms by name, by loss step `apart` or in one sum, (T or 1, T, N, ...), with N = 1 for parameters."""
    done, T, wanted = evaluated(graph, data), graph.T, graph.model.with_gradient
    samples = {v: 1 if v.role is Role.PARAMETER else done.N for v in wanted}
    made = {v.name: np.zeros((T if apart else 1, T, n, *shape(v, data.dims))) for v, n in samples.items()}
    with np.errstate(all="ignore"):
        for visit in visits(done, wanted):
            for lane in visit.lanes:
                into = made[lane.name]
                values = lane.values.sum(axis=1, keepdims=True) if into.shape[2] == 1 else lane.values
                losses = np.asarray(visit.losses[lane.places]) - 1
                values = values * np.array([graph.keeps(t + 1, visit.k) for t in losses])[:, None, None, None]
                np.add.at(into[:, visit.k - 1], losses if apart else 0 * losses, values.reshape(len(losses), *into.shape[2:]))
    return made


def _reach(part: Part, graph: UnrolledGraph, variable: Variable, arrived: Array) -> Array:
    """Where there can be terms (T, K), if cotangents of loss step t `arrived` (T, K) at a step of the part."""
    inner = np.zeros((graph.T, graph.T), dtype=bool)
    for t, k in derive.gradient(graph, variable.name).pairs:
        inner[t - 1, k - 1] = True
    return arrived @ (inner[::-1, ::-1] if part.backward else inner)


def _back(point: Point, link: Link, variable: Variable, terms: Array, reach: Array) -> tuple[Array, Array]:
    """The gradient of what was handed on, as that of its source at all steps, and where there can be some."""
    if link.how is How.STEPS:
        return terms, reach
    if link.how is How.FINAL:
        terms = terms.sum(axis=1)
    made = np.stack([back(point, link, one) for one in terms])
    arrived = np.asarray(reach.any(axis=1))[:, None] & np.ones((1, made.shape[1]), dtype=bool)
    if link.how is How.FINAL:
        arrived &= np.arange(made.shape[1]) == point.chain.end(link) % made.shape[1]
    return made, arrived
