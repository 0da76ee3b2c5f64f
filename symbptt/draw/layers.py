"""A layered drawing of a graph without cycles: columns by depth, rows so that few edges cross.

The method of Sugiyama, Tagawa and Toda (1981): longest paths give the columns, an edge over several columns gets a place in
each, and sweeps order every column by the mean row of its neighbours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 24
STIFF = 8.0

Edge = tuple[int, int]
Key = tuple[int, ...]
"""A node (number,), or the place of an edge in a column that it passes (from, to, column)."""


@dataclass(frozen=True)
class Layers:
    """Columns, and rows that need not be whole: `column` and `row` by node; `way` are the places that an edge passes."""

    column: dict[int, int]
    row: dict[int, float]
    way: dict[Edge, tuple[tuple[int, float], ...]]


def columns(count: int, edges: Sequence[Edge]) -> dict[int, int]:
    """The longest path to every node; nodes are numbered so that edges go up."""
    depth = dict.fromkeys(range(count), 0)
    for source, target in sorted(edges, key=lambda e: e[1]):
        depth[target] = max(depth[target], depth[source] + 1)
    return depth


def layered(count: int, edges: Sequence[Edge], depth: dict[int, int]) -> Layers:
    """Rows for nodes in given columns."""
    levels: list[list[Key]] = [[] for _ in range(1 + max(depth.values(), default=0))]
    before: dict[Key, list[Key]] = {}
    after: dict[Key, list[Key]] = {}
    for n in range(count):
        levels[depth[n]].append((n,))
    for source, target in dict.fromkeys(edges):
        chain: list[Key] = [(source,), *((source, target, c) for c in range(depth[source] + 1, depth[target])), (target,)]
        for key in chain[1:-1]:
            levels[key[2]].append(key)
        for a, b in pairwise(chain):
            after.setdefault(a, []).append(b)
            before.setdefault(b, []).append(a)
    row = {key: float(i) for level in levels for i, key in enumerate(level)}
    for _ in range(SWEEPS):
        for level, neighbours in [(lv, before) for lv in levels[1:]] + [(lv, after) for lv in reversed(levels[:-1])]:
            _order(level, neighbours, row)
    _settle(levels, before, after, row)
    way = {
        (s, t): tuple((c, row[s, t, c]) for c in range(depth[s] + 1, depth[t])) for s, t in dict.fromkeys(edges)
    }
    return Layers(depth, {n: row[n,] for n in range(count)}, way)


def _mean(key: Key, neighbours: dict[Key, list[Key]], row: dict[Key, float]) -> float:
    """The mean row of the neighbours; places of one edge hold together, so that long edges are straight."""
    near = [(row[n], STIFF if len(n) > 1 and len(key) > 1 else 1.0) for n in neighbours.get(key, [])]
    return sum(r * weight for r, weight in near) / sum(weight for _, weight in near) if near else row[key]


def _order(level: list[Key], neighbours: dict[Key, list[Key]], row: dict[Key, float]) -> None:
    """Sort a column by the mean row of the neighbours, a step apart."""
    wish = {key: _mean(key, neighbours, row) for key in level}
    level.sort(key=lambda key: wish[key])
    for i, key in enumerate(level):
        row[key] = float(i)


def _settle(
    levels: list[list[Key]], before: dict[Key, list[Key]], after: dict[Key, list[Key]], row: dict[Key, float]
) -> None:
    """Move every column's rows towards its neighbours without changing the order, at least a step apart."""
    both = {key: before.get(key, []) + after.get(key, []) for level in levels for key in level}
    for _ in range(SWEEPS):
        for level in (*levels, *reversed(levels)):
            _spread(level, {key: _mean(key, both, row) for key in level}, row)
    least = min(row.values(), default=0.0)
    for key in row:
        row[key] -= least


def _spread(level: list[Key], wish: dict[Key, float], row: dict[Key, float]) -> None:
    """The rows nearest to the wishes, in order and a step apart: blocks that collide share their mean (least squares)."""
    blocks: list[tuple[float, int]] = []
    for i, key in enumerate(level):
        total, size = wish[key] - i, 1
        while blocks and blocks[-1][0] / blocks[-1][1] >= total / size:
            earlier = blocks.pop()
            total, size = total + earlier[0], size + earlier[1]
        blocks.append((total, size))
    place = 0
    for total, size in blocks:
        for _ in range(size):
            row[level[place]] = total / size + place
            place += 1
