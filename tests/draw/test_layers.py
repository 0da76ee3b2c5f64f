"""Layered drawings of graphs without cycles."""

from __future__ import annotations

from itertools import pairwise

from symbptt.draw.layers import FREE, Key, columns, ordered, settled


def test_keys_of_a_column_have_their_room_and_long_edges_keep_their_places() -> None:
    edges = [(0, 2), (1, 2), (1, 3), (2, 4), (3, 4), (0, 4), (0, 5), (4, 5)]
    depth = columns(6, edges)
    assert all(depth[a] < depth[b] for a, b in edges)
    made = ordered(6, edges, depth)

    def room(key: Key) -> tuple[float, float]:
        return (20.0, 35.0) if len(key) == 1 else (5.0, 5.0)

    place = settled(made, room, lambda edge, a, b: 0.0)
    for level in made.levels:
        assert all(place[b] - place[a] > room(a)[1] + room(b)[0] + FREE - 1e-9 for a, b in pairwise(level))
    assert [key[2] for key in made.chains[0, 5][1:-1]] == list(range(1, depth[5]))
    assert len({round(place[key], 6) for key in made.chains[0, 5][1:-1]}) == 1


def test_what_is_read_late_stands_just_before_its_first_reader() -> None:
    assert columns(4, [(0, 1), (1, 3), (2, 3)]) == {0: 0, 1: 1, 2: 1, 3: 2}


def test_edges_that_need_not_cross_do_not() -> None:
    edges = [(0, 5), (1, 4), (2, 3), (3, 6), (4, 7), (5, 8)]
    made = ordered(9, edges, columns(9, edges))
    order = [[key[0] for key in level] for level in made.levels]
    joined = dict(edges)
    assert order[1] == [joined[n] for n in order[0]] and order[2] == [joined[n] for n in order[1]]
