"""A layered drawing of a graph without cycles: columns by depth, an order with few crossings, places with room for everything.

The method of Sugiyama, Tagawa and Toda (1981): longest paths give the columns, an edge over several columns gets a place in
each, and sweeps order every column by the mean place of its neighbours.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS, SETTLING = 24, 60
STIFF = 8.0
FREE = 6.0
"""The free room between neighbours of a column."""

Edge = tuple[int, int]
Key = tuple[int, ...]
"""A node (number,), or the place of an edge in a column that it passes (from, to, column)."""
Room = tuple[float, float]
"""What a key needs before and after its place."""


@dataclass(frozen=True)
class Ordered:
    """The keys of every column in their order, and those that every edge passes, its ends included."""

    levels: tuple[tuple[Key, ...], ...]
    chains: Mapping[Edge, tuple[Key, ...]]


def columns(count: int, edges: Sequence[Edge]) -> dict[int, int]:
    """The longest path to every node, numbered so that edges go up; what more edges leave than enter comes just before its
    first reader, so that few edges are long."""
    depth = dict.fromkeys(range(count), 0)
    for source, target in sorted(edges, key=lambda e: e[1]):
        depth[target] = max(depth[target], depth[source] + 1)
    for n in reversed(range(count)):
        readers = [depth[target] for source, target in edges if source == n]
        if len(readers) > sum(target == n for _, target in edges):
            depth[n] = min(readers) - 1
    return depth


def ordered(count: int, edges: Sequence[Edge], depth: Mapping[int, int]) -> Ordered:
    """The order with the fewest crossings that sweeps and exchanges of neighbours find."""
    levels: list[list[Key]] = [[] for _ in range(1 + max(depth.values(), default=0))]
    for n in range(count):
        levels[depth[n]].append((n,))
    chains: dict[Edge, tuple[Key, ...]] = {}
    near: list[dict[Key, list[Key]]] = [{}, {}]
    for edge in edges:
        source, target = edge
        passed: list[Key] = [(*edge, c) for c in range(depth[source] + 1, depth[target])]
        for key in passed:
            levels[key[2]].append(key)
        chains[edge] = ((source,), *passed, (target,))
        for a, b in pairwise(chains[edge]):
            near[0].setdefault(b, []).append(a)
            near[1].setdefault(a, []).append(b)
    best, fewest = levels, -1
    for sweep in range(SWEEPS):
        side = sweep % 2
        for level in levels[1:] if side == 0 else levels[-2::-1]:
            _sort(level, near[side], _places(levels))
        _exchange(levels, near)
        found = crossings(levels, near[1])
        if fewest < 0 or found < fewest:
            best, fewest = [list(level) for level in levels], found
    return Ordered(tuple(map(tuple, best)), chains)


def _places(levels: Sequence[Sequence[Key]]) -> dict[Key, int]:
    return {key: i for level in levels for i, key in enumerate(level)}


def _sort(level: list[Key], near: Mapping[Key, list[Key]], place: Mapping[Key, int]) -> None:
    """By the mean place of the neighbours."""
    wish = {key: sum(place[n] for n in near[key]) / len(near[key]) if key in near else float(place[key]) for key in level}
    level.sort(key=wish.__getitem__)


def _exchange(levels: list[list[Key]], near: Sequence[Mapping[Key, list[Key]]]) -> None:
    """Exchange neighbours as long as edges cross less."""
    place, moved = _places(levels), True

    def crossed(a: Key, b: Key) -> int:
        return sum(place[x] > place[y] for side in near for x in side.get(a, ()) for y in side.get(b, ()))

    while moved:
        moved = False
        for level in levels:
            for i in range(len(level) - 1):
                a, b = level[i], level[i + 1]
                if crossed(b, a) < crossed(a, b):
                    level[i], level[i + 1], place[a], place[b], moved = b, a, i + 1, i, True


def crossings(levels: Sequence[Sequence[Key]], after: Mapping[Key, list[Key]]) -> int:
    """How many pairs of edges cross between neighbouring columns."""
    place, count = _places(levels), 0
    for level in levels:
        ends = [place[b] for a in level for b in sorted(after.get(a, ()), key=place.__getitem__)]
        count += sum(x > y for i, x in enumerate(ends) for y in ends[i + 1 :])
    return count


def settled(
    made: Ordered, room: Callable[[Key], Room], slant: Callable[[Edge, Key, Key], float]
) -> dict[Key, float]:
    """Places in the columns, with the room that each key needs; an edge is straight where its ends lie `slant` apart."""
    pulls: dict[Key, list[tuple[Key, float, float]]] = {key: [] for level in made.levels for key in level}
    for edge, chain in made.chains.items():
        for a, b in pairwise(chain):
            weight = STIFF if len(a) > 1 and len(b) > 1 else 1.0
            pulls[b].append((a, slant(edge, a, b), weight))
            pulls[a].append((b, -slant(edge, a, b), weight))
    place: dict[Key, float] = {}
    for level in made.levels:
        at = 0.0
        for key in level:
            place[key] = at + room(key)[0]
            at = place[key] + room(key)[1] + FREE
    for sweep in range(SETTLING):
        for level in (*made.levels, *reversed(made.levels)):
            _spread(level, {key: _wish(key, pulls[key], place) for key in level}, room, place)
        if sweep > SETTLING / 2:
            _straighten(made, room, place)
    _align(made, room, slant, place)
    least = min(place[level[0]] - room(level[0])[0] for level in made.levels)
    return {key: at - least for key, at in place.items()}


def _align(
    made: Ordered, room: Callable[[Key], Room], slant: Callable[[Edge, Key, Key], float], place: dict[Key, float]
) -> None:
    """From the first column on, set whatever reads one value that nothing else reads straight behind it."""
    ends = [(edge, chain[-2], chain[-1]) for edge, chain in made.chains.items()]
    sources, targets = Counter(edge[0] for edge, _, _ in ends), Counter(edge[1] for edge, _, _ in ends)
    only = {b: (edge, a) for edge, a, b in ends if sources[edge[0]] == targets[edge[1]] == 1}
    for level in made.levels:
        wish = {key: place[key] for key in level}
        wish |= {key: place[only[key][1]] + slant(only[key][0], only[key][1], key) for key in level if key in only}
        _spread(level, wish, room, place)


def _straighten(made: Ordered, room: Callable[[Key], Room], place: dict[Key, float]) -> None:
    """Give all places of an edge over several columns the same distance, where their neighbours leave room for that."""
    beside = {key: (a, b) for level in made.levels for a, key, b in zip((None, *level), level, (*level[1:], None), strict=False)}
    for chain in made.chains.values():
        passed = chain[1:-1]
        if len(passed) < 2:
            continue
        least = [place[a] + room(a)[1] + FREE + room(key)[0] for key in passed if (a := beside[key][0]) is not None]
        most = [place[b] - room(b)[0] - FREE - room(key)[1] for key in passed if (b := beside[key][1]) is not None]
        low, high = max(least, default=float("-inf")), min(most, default=float("inf"))
        if low <= high:
            mean = sum(place[key] for key in passed) / len(passed)
            place.update(dict.fromkeys(passed, min(max(mean, low), high)))


def _wish(key: Key, pulls: Sequence[tuple[Key, float, float]], place: Mapping[Key, float]) -> float:
    total = sum(weight for _, _, weight in pulls)
    return sum((place[other] + apart) * weight for other, apart, weight in pulls) / total if pulls else place[key]


def _spread(level: Sequence[Key], wish: Mapping[Key, float], room: Callable[[Key], Room], place: dict[Key, float]) -> None:
    """The places nearest to the wishes, in order and with their room: blocks that collide share their mean (least squares)."""
    start = [0.0]
    for a, b in pairwise(level):
        start.append(start[-1] + room(a)[1] + FREE + room(b)[0])
    blocks: list[tuple[float, int]] = []
    for key, at in zip(level, start, strict=True):
        total, size = wish[key] - at, 1
        while blocks and blocks[-1][0] / blocks[-1][1] >= total / size:
            earlier = blocks.pop()
            total, size = total + earlier[0], size + earlier[1]
        blocks.append((total, size))
    means = [total / size for total, size in blocks for _ in range(size)]
    place.update({key: mean + at for key, mean, at in zip(level, means, start, strict=True)})
