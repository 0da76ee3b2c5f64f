"""Layered drawings of graphs without cycles."""

from __future__ import annotations

from itertools import pairwise

from symbptt.draw.layers import columns, layered


def test_rows_of_a_column_are_a_step_apart_and_long_edges_keep_their_places() -> None:
    edges = [(0, 2), (1, 2), (1, 3), (2, 4), (3, 4), (0, 4), (0, 5), (4, 5)]
    depth = columns(6, edges)
    assert all(depth[a] < depth[b] for a, b in edges)
    made = layered(6, edges, depth)
    for column in set(depth.values()):
        rows = sorted([made.row[n] for n in depth if depth[n] == column]
                      + [r for way in made.way.values() for c, r in way if c == column])
        assert all(b - a >= 1 - 1e-9 for a, b in pairwise(rows))
    assert [c for c, _ in made.way[0, 5]] == list(range(1, depth[5]))
