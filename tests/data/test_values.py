"""Values of a model's variables, in their groups."""

from __future__ import annotations

import numpy as np
from by_hand import elman

from symbptt import data
from symbptt.data.values import GROUPS, grouped


def test_values_by_name_go_to_their_groups_and_back() -> None:
    model = elman()
    point = data.random(model)
    assert dict(zip(GROUPS, point.groups, strict=True)) == {group: getattr(point, group) for group in GROUPS}
    backwards = dict(reversed(point.arrays().items()))
    assert [list(group) for group in grouped(backwards, model)] == [list(group) for group in point.groups]


def test_another_value_for_one_variable() -> None:
    model = elman()
    point = data.random(model)
    for variable in (model["x"], model["h"], model["y"], model["b_h"]):
        moved = point.having(variable, point.value(variable) + 1)
        assert np.array_equal(moved.value(variable), point.value(variable) + 1)
        assert [n for n, a in point.arrays().items() if moved.arrays()[n] is not a] == [variable.name]
