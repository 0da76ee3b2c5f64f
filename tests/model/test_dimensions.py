"""Where the size of a dimension can be read: alone, or less what is known of a sum; and files that leave one open."""

from __future__ import annotations

import pytest

from symbptt.errors import BadInput
from symbptt.model.define import model
from symbptt.model.dimensions import Source, sources
from symbptt.model.values import Model


def made(**parameters: str) -> Model:
    product = " * ".join(f"sum({name})" for name in parameters)
    return model(name="sizes", parameters=parameters, inputs={"x": ""}, equations={"a": f"x * {product}"})


def told(**parameters: str) -> dict[str, tuple[str, int, int, tuple[str, ...], int]]:
    found: dict[str, Source] = sources(made(**parameters).parameters)
    return {n: (s.variable.name, s.axis, s.number, s.others, s.count) for n, s in found.items()}


def test_a_dimension_alone_goes_before_a_sum() -> None:
    assert told(b="H+2", W="3 H") == {"H": ("W", 1, 0, (), 1)}


def test_sums_are_solved_one_after_another() -> None:
    assert told(b="H+D+1", c="H+H+3", W="K+D 2") == {
        "H": ("c", 0, 3, (), 2), "D": ("b", 0, 1, ("H",), 1), "K": ("W", 0, 0, ("D",), 1)
    }  # fmt: skip


def test_a_later_group_serves_for_what_is_open() -> None:
    first, second = made(b="H", c="H", W="D H").parameters[:2], made(b="H", c="H", W="D H").parameters
    assert {n: s.variable.name for n, s in sources(first, second).items()} == {"H": "b", "D": "W"}


@pytest.mark.parametrize("shapes", [{"b": "H+D"}, {"b": "H+D", "c": "H+H+D+D"}])
def test_a_file_that_leaves_a_size_open_is_refused(shapes: dict[str, str]) -> None:
    with pytest.raises(BadInput, match=r"\[parameters\] b: no input, parameter or state tells the size of D"):
        made(**shapes)


def test_a_multiple_is_a_sum() -> None:
    assert made(b="2*H", c=" 3 * H+H *2 +1").parameters[1].shape == ("H+H+H+H+H+1",)
    assert told(b="4*H") == {"H": ("b", 0, 0, (), 4)}
